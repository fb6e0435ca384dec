-- The best scores are read in their order, and no further than they are asked for. The expression is that of `rankScores`.
create index hot_state_scores_ranked on hot_state ((
  case jsonb_typeof(value -> 'blend_score') when 'number' then
    case
      when abs((value ->> 'blend_score')::numeric) between 1e-300 and 1e300 then (value ->> 'blend_score')::float8
      when abs((value ->> 'blend_score')::numeric) < 1e-300 then 0
    end
  end) desc, key) where family = 'scores' and not deleted;
