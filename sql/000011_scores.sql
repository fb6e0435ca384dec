-- The newest score of all that live, which every write of scores asks for.
create index hot_state_scores on hot_state (created_at desc) where family = 'scores' and not deleted;
