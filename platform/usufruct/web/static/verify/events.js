// Signatures of the events that several links read.
export const BATCH_ANCHORED = "BatchAnchored(uint32,uint32,uint40,uint40,uint64,uint32,bool,bytes32,bytes32,bytes32)";
export const ATTESTED =
  "StatementAttested(uint32,uint32,uint16,bytes32,uint64,uint40,uint256,(uint32,uint32,uint16,uint40,uint40,bytes32,bytes32,bytes32,uint64,int64," +
  "bytes32,uint16,uint16,bytes32,bytes32))";
