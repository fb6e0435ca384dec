export interface Usage {
  period_days: number;
  as_of: string;
  total_requests: number;
  total_input_tokens: number | string;
  total_output_tokens: number | string;
  total_cost_usd: string;
  avg_cost_per_request: string;
  unpriced_requests: number;
  by_model: { model: string; requests: number; cost_usd: string }[];
  daily_breakdown: { date: string; requests: number; cost_usd: string }[];
  by_tag: { tag: string; value?: string; requests: number; cost_usd: string }[];
}

/** A call that was logged. */
export interface LoggedRequest {
  id: number | string;
  model: string;
  provider: string | null;
  tokens_input: number | string | null;
  tokens_output: number | string | null;
  created_at: string;
  tags: string[] | null;
}

export interface BudgetPeriod {
  period: 'day' | 'month';
  starts: string;
  status: 'OK' | 'CAUTION' | 'WARNING' | 'EXCEEDED';
  spent_usd: string;
  budget_usd: string;
  remaining_usd: string;
  percentage_used: number;
  unpriced_requests: number;
  held_usd: string;
}

export interface Budgets {
  as_of: string;
  items: {
    scope: string;
    daily_usd: string | null;
    monthly_usd: string | null;
    updated_at: string;
    periods: BudgetPeriod[];
  }[];
}

export interface Spend {
  date: string;
  total_cost_usd: string;
  total_requests: number;
  total_input_tokens: number | string;
  total_output_tokens: number | string;
  unpriced_requests: number;
}
