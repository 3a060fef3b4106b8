// Bytes, hashes and encodings of the protocol (docs/protocol.md §1–§7). Nothing here asks anybody anything.
import { keccak_256 } from "../vendor/noble-hashes/sha3.js";
import { sha256 } from "../vendor/noble-hashes/sha2.js";
import { secp256k1 } from "../vendor/noble-curves/secp256k1.js";

/** A value of the file that does not hold: its place, what it must be, and what it is. */
export class Broken extends Error {
  constructor(field, expected, found) {
    super(`${field} must be ${show(expected)} and is ${show(found)}`);
    Object.assign(this, { field, expected: show(expected), found: show(found) });
  }
}

/** Refuses unless both are equal; lists and objects are compared by their parts. */
export function same(field, expected, found) {
  if (show(expected) !== show(found)) throw new Broken(field, expected, found);
}

export function show(value) {
  if (value instanceof Uint8Array) return hex(value);
  if (value === null || typeof value !== "object") return String(value);
  return JSON.stringify(value, (_, each) =>
    typeof each === "bigint" ? `${each}` : each instanceof Uint8Array ? hex(each) : each);
}

// --- Bytes ---

export const ZERO = new Uint8Array(32);

export function hex(data) {
  let text = "0x";
  for (const each of data) text += each.toString(16).padStart(2, "0");
  return text;
}

export function unhex(text, length = null) {
  const digits = /^0x((?:[0-9a-fA-F]{2})*)$/.exec(text)?.[1];
  if (digits === undefined || (length !== null && digits.length !== 2 * length))
    throw new Broken("hex", `0x and ${length ?? "any number of"} bytes`, text);
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of parts) {
    whole.set(each, at);
    at += each.length;
  }
  return whole;
}

/** An unsigned number in `width` bytes; refuses one that does not fit. */
export function number(value, width, field = "number") {
  const bits = 8n * BigInt(width);
  if (BigInt(value) < 0n || BigInt(value) >> bits) throw new Broken(field, `0 to 2^${bits} − 1`, value);
  return unhex("0x" + BigInt(value).toString(16).padStart(2 * width, "0"));
}

export const integer = (data) => (data.length ? BigInt(hex(data)) : 0n);
export const text = (value) => new TextEncoder().encode(value);
export const keccak = (...parts) => keccak_256(join(...parts));

/** The EIP-55 form of an address. */
export function checksum(address) {
  const digits = address.slice(2).toLowerCase();
  const marks = hex(keccak(text(digits))).slice(2);
  return "0x" + [...digits].map((each, at) => (marks[at] >= "8" ? each.toUpperCase() : each)).join("");
}

// --- Documents ---

/** A JSON file as it may be hashed: no key twice, no fractions, no number that JavaScript would round. */
export function parseStrictly(source) {
  const value = JSON.parse(source);
  const plain = source.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part[0] === '"' ? JSON.stringify(JSON.parse(part)) : ""));
  if (JSON.stringify(value) !== plain) throw new Broken("proof", "JSON without repeated keys, fractions or rounded numbers", "another");
  return value;
}

/** Canonical JSON (§5): sorted keys, no white space. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

export const documentHash = (value) => keccak(text(canonical(value)));

/** Refuses an object that has other keys than these. */
export function keyed(value, keys, name) {
  const found = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value).sort() : null;
  same(name, [...keys].sort(), found);
  return value;
}

export function natural(value, name) {
  if (!Number.isSafeInteger(value) || value < 0) throw new Broken(name, "a natural number", value);
  return value;
}

/** The number in a decimal text. */
export function digits(value, name, signed = false) {
  const form = signed ? /^(0|-?[1-9][0-9]{0,77})$/ : /^(0|[1-9][0-9]{0,77})$/;
  if (typeof value !== "string" || !form.test(value)) throw new Broken(name, "a number as a text", value);
  return BigInt(value);
}

// --- Merkle trees of RFC 9162 shape (§2) ---

const NODE = Uint8Array.of(1);

export function treeRoot(leaves) {
  let level = leaves.map((leaf) => keccak(leaf));
  if (!level.length) return keccak();
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += 2)
      above.push(at + 1 < level.length ? keccak(NODE, level[at], level[at + 1]) : level[at]);
    level = above;
  }
  return level[0];
}

/** Whether `leaf` stands at `index` of the tree with `size` leaves and `root`. */
export function isLeaf(leaf, index, size, path, root) {
  if (index < 0 || index >= size) return false;
  let node = keccak(leaf), last = size - 1;
  for (const sibling of path) {
    if (last === 0) return false;
    while (index === last && index % 2 === 0) [index, last] = [index / 2, Math.floor(last / 2)];
    node = index % 2 ? keccak(NODE, sibling, node) : keccak(NODE, node, sibling);
    [index, last] = [Math.floor(index / 2), Math.floor(last / 2)];
  }
  return last === 0 && hex(node) === hex(root);
}

/** The fields of a reading leaf (102 bytes). */
export function leafOf(data) {
  if (data.length !== 102 || data[0] !== 0) throw new Broken("leaf", "102 bytes beginning with 0x00", data);
  const whole = (from, to) => Number(integer(data.subarray(from, to)));
  return {
    quantity: data.subarray(1, 34), record: data.subarray(34, 66), stream: whole(66, 70), seq: whole(70, 78), end: whole(78, 86),
    duration: whole(86, 90), meter: integer(data.subarray(90, 98)), kind: data[98], quality: data[99], rev: data[100], flow: data[101],
  };
}

// --- Pedersen commitments on secp256k1 (§3) ---

export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const Point = secp256k1.Point;
const INFINITY = new Uint8Array(33);
let second = null;

/** H: the first point whose x is sha256 of the tag and a counter. */
function pointH() {
  for (let attempt = 0; second === null; attempt++) {
    const x = sha256(join(text("usufruct/pedersen/H/1"), number(attempt, 4)));
    try {
      second = Point.fromBytes(join(Uint8Array.of(2), x));
    } catch {
      continue;
    }
  }
  return second;
}

const written = (point) => (point.is0() ? INFINITY : point.toBytes(true));

/** value·G + blinding·H as 33 bytes. */
export function commit(value, blinding) {
  let sum = Point.ZERO;
  if (value % ORDER) sum = sum.add(Point.BASE.multiply(value % ORDER));
  if (blinding % ORDER) sum = sum.add(pointH().multiply(blinding % ORDER));
  return written(sum);
}

export function addCommitments(fields) {
  let sum = Point.ZERO;
  for (const each of fields) {
    if (hex(each) === hex(INFINITY)) continue;
    try {
      sum = sum.add(Point.fromBytes(each));
    } catch {
      throw new Broken("quantity", "a point of secp256k1", each);
    }
  }
  return written(sum);
}

// --- EIP-712 (§5, §7) ---

const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const BATCH = "Batch(uint32 stream,uint32 seq,bytes32 prev,uint40 from,uint40 to,uint64 first,uint32 count,bool closes,bytes32 root,bytes32 content)";
const STATEMENT =
  "Statement(uint32 stream,uint32 period,uint16 version,uint40 from,uint40 to,bytes32 firstHead,bytes32 lastHead,bytes32 linesRoot," +
  "uint64 gross,int64 adjustments,bytes32 tariffHash,uint16 coverageBp,uint16 estimatedBp,bytes32 kpis,bytes32 documents)";
const CURSOR = "Cursor(bytes32 digest,uint32 seq,uint40 to,uint64 next)";

function encode(type, values) {
  const members = type.slice(type.indexOf("(") + 1, -1).split(",");
  return join(...members.map((member, at) => {
    const [kind, name] = member.split(" "), value = values[at];
    if (kind === "bytes32") return value;
    const bits = kind === "bool" ? 1n : BigInt(kind.replace(/\D/g, "")), found = BigInt(value);
    const fits = kind[0] === "i" ? found >= -(1n << (bits - 1n)) && found < 1n << (bits - 1n) : found >= 0n && !(found >> bits);
    if (!fits) throw new Broken(name, `a ${kind}`, found);
    return number(BigInt.asUintN(256, found), 32);
  }));
}

function digest(type, chainId, contract, values) {
  const separator = keccak(keccak(text(DOMAIN)), keccak(text("Usufruct")), keccak(text("1")), number(chainId, 32), new Uint8Array(12), unhex(contract, 20));
  return keccak(Uint8Array.of(0x19, 1), separator, keccak(keccak(text(type)), encode(type, values)));
}

export const batchDigest = (chainId, contract, values) => digest(BATCH, chainId, contract, values);
export const statementDigest = (chainId, contract, values) => digest(STATEMENT, chainId, contract, values);
export const headOf = (cursor) => keccak(encode(CURSOR, [cursor.digest, cursor.seq, cursor.to, cursor.next]));

/** The address that made a signature of 64 bytes (r, then s with the parity in its highest bit; low s only). */
export function signerOf(hash, signature) {
  const r = integer(signature.subarray(0, 32)), packed = integer(signature.subarray(32));
  const parity = Number(packed >> 255n), s = packed & ((1n << 255n) - 1n);
  if (r === 0n || r >= ORDER || s === 0n || s > ORDER / 2n) throw new Broken("statement.signatures", "a signature with a low s", signature);
  try {
    const key = new secp256k1.Signature(r, s).addRecoveryBit(parity).recoverPublicKey(hash).toBytes(false);
    return checksum(hex(keccak(key.subarray(1)).subarray(12)));
  } catch {
    throw new Broken("statement.signatures", "a signature of secp256k1", signature);
  }
}
