-- Copies of the market cache are removed by tag; by key and prefix the primary key finds them.
create index hot_state_market_cache_tags on hot_state using gin ((value -> 'tags')) where family = 'market-cache';
