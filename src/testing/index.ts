export {
  type FaultyCall,
  type FaultyFacet,
  faultyTier,
  seededTierFaults,
  type SeededTierFaultsOptions,
  type TierFault,
  type TierFaults,
} from './faulty-tier.ts';
export {
  type AppliedFault,
  type FaultName,
  randomFaults,
  type RandomFaults,
  type RandomFaultsOptions,
} from './random-faults.ts';
export { startTcpProxy, type Direction, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.ts';
