// The baseline of the bench `merkle`: OpenZeppelin's own package builds a tree over [address, uint256] and gives a proof for each leaf.
// Prints CPU seconds for the tree and for all proofs.
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');

const count = Number(process.argv[2]);
const values = Array.from({ length: count }, (_, i) => ['0x' + (i + 1).toString(16).padStart(40, '0'), String(1000 + i)]);
const seconds = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };

const start = seconds();
const tree = StandardMerkleTree.of(values, ['address', 'uint256']);
const built = seconds();
let mark = 0;
for (let i = 0; i < count; i++) mark += tree.getProof(i).length;
console.log(JSON.stringify({ tree: built - start, proofs: seconds() - built, mark }));
