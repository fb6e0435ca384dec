export {
  type Appended,
  type AppendRow,
  appendRows,
  type AppendTable,
  type Cell,
  prepareRow,
  type PreparedRow,
} from './append.ts';
export {
  createGroupCommit,
  type GroupCommit,
  groupCommitDefaults,
  type GroupCommitSettings,
  type Written,
} from './group-commit.ts';
