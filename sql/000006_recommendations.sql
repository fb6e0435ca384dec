-- Recommendations that wait for their evaluation, oldest first, of one mode or of all.
create index ai_recommendations_due on ai_recommendations (mode, generated_at, id) where not evaluated;
create index ai_recommendations_open on ai_recommendations (generated_at, id) where not evaluated;
-- Whether a scalping exit was applied before.
create index ai_recommendations_exits on ai_recommendations (symbol, exit_time) where evaluated and mode = 'Scalping';
