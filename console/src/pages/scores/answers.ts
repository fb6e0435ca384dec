export interface Score {
  symbol: string;
  blend_score: number;
  confidence: string | null;
  recommendation: string | null;
  is_actionable: boolean | null;
  agents: { agent: string; score: number | null; weight: number | null; confidence: string | null }[];
  timestamp: string;
  expires_at: string;
  rank: number;
  global_rank: number;
  reasoning: string | null;
  risk_reward_ratio: number | null;
}
