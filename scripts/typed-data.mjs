// What viem makes of what is signed (EIP-712): payments, their approvals and acts of the owner; a few with every step
// written down, and 10,000 drawn ones of which only a running hash is kept. `vectors.mjs` writes them.
import {
  concat, domainSeparator, encodeFunctionData, getAddress, hashStruct, hashTypedData, hexToBigInt, keccak256, parseAbi,
  slice, toHex, zeroAddress, zeroHash,
} from "viem";

const RANDOM_VECTORS = 12;
const DRAWN = 10_000;
const CHECKPOINT_EVERY = 500;
const MAX = { uint32: 2n ** 32n - 1n, uint64: 2n ** 64n - 1n, uint128: 2n ** 128n - 1n };
const MAX_ADDRESS = getAddress(`0x${"ff".repeat(20)}`);
const MAX_BYTES32 = `0x${"ff".repeat(32)}`;

const PAYMENT = [
  { name: "session", type: "uint32" },
  { name: "nonce", type: "uint32" },
  { name: "deadline", type: "uint32" },
  { name: "token", type: "address" },
  { name: "payee", type: "address" },
  { name: "amount", type: "uint128" },
  { name: "fee", type: "uint128" },
  { name: "feeRecipient", type: "address" },
  { name: "ref", type: "bytes32" },
];
const types = {
  Payment: PAYMENT,
  PaymentApproval: [{ name: "payment", type: "Payment" }],
  Act: [
    { name: "call", type: "bytes" },
    { name: "nonce", type: "uint32" },
    { name: "deadline", type: "uint32" },
  ],
};

const zero = {
  session: 0n, nonce: 0n, deadline: 0n, token: zeroAddress, payee: zeroAddress,
  amount: 0n, fee: 0n, feeRecipient: zeroAddress, ref: zeroHash,
};
const largest = {
  session: MAX.uint32, nonce: MAX.uint32, deadline: MAX.uint32, token: MAX_ADDRESS, payee: MAX_ADDRESS,
  amount: MAX.uint128, fee: MAX.uint128, feeRecipient: MAX_ADDRESS, ref: MAX_BYTES32,
};
const ANVIL = 31337n;
const VAULT = drawAddress("vault");

/** A number below 2^bits that depends on the label only. */
function draw(label, bits) {
  return BigInt(keccak256(toHex(label))) >> BigInt(256 - bits);
}

export function drawAddress(label) {
  return getAddress(toHex(draw(label, 160), { size: 20 }));
}

function drawCase(index) {
  const chains = [1n, 10n, 8453n, 84532n, 31337n, 42161n];
  const at = (field) => `pursestrings ${index} ${field}`;
  const hasFee = index % 2 === 0;
  return [
    chains[index % chains.length],
    drawAddress(at("vault")),
    {
      session: draw(at("session"), 32), nonce: draw(at("nonce"), 10), deadline: draw(at("deadline"), 31),
      token: drawAddress(at("token")), payee: drawAddress(at("payee")), amount: draw(at("amount"), 40),
      fee: hasFee ? draw(at("fee"), 20) : 0n, feeRecipient: hasFee ? drawAddress(at("fee recipient")) : zeroAddress,
      ref: keccak256(toHex(at("reference"))),
    },
  ];
}

// Everything zero, everything largest, each field alone largest, the domain's own edges, then drawn ones.
const payments = [
  [ANVIL, VAULT, zero],
  [ANVIL, VAULT, largest],
  ...Object.keys(zero).map((field) => [ANVIL, VAULT, { ...zero, [field]: largest[field] }]),
  [0n, zeroAddress, zero],
  [MAX.uint64, MAX_ADDRESS, largest],
  ...Array.from({ length: RANDOM_VECTORS }, (_, index) => drawCase(index)),
];

const domainOf = (chainId, verifyingContract) => ({
  name: "Pursestrings Vault", version: "1", chainId, verifyingContract,
});
const text = (message) => Object.fromEntries(Object.entries(message).map(([field, value]) => [field, value.toString()]));

export function paymentVectors() {
  return payments.map(([chainId, vault, payment]) => {
    const domain = domainOf(chainId, vault);
    const approval = { types, primaryType: "PaymentApproval" };
    return {
      chainId: chainId.toString(),
      vault,
      payment: text(payment),
      domainSeparator: domainSeparator({ domain }),
      structHash: hashStruct({ types, primaryType: "Payment", data: payment }),
      digest: hashTypedData({ domain, types, primaryType: "Payment", message: payment }),
      approvalStructHash: hashStruct({ ...approval, data: { payment } }),
      approvalDigest: hashTypedData({ ...approval, domain, message: { payment } }),
    };
  });
}

export function actVectors() {
  const abi = parseAbi([
    "function pause()",
    "function revoke(uint32 session)",
    "function withdraw(address token, uint256 amount)",
    "function replace(uint256 expected, bytes call)",
  ]);
  const withdraw = encodeFunctionData({ abi, functionName: "withdraw", args: [drawAddress("token"), 1_500_000n] });
  const calls = [
    "0x", "0x00", encodeFunctionData({ abi, functionName: "pause" }),
    encodeFunctionData({ abi, functionName: "revoke", args: [7] }), withdraw,
    encodeFunctionData({ abi, functionName: "replace", args: [5n, withdraw] }), `0x${"ff".repeat(1_000)}`,
  ];
  const first = { call: withdraw, nonce: 0n, deadline: 0n };
  const acts = [
    ...calls.map((call) => ({ ...first, call })),
    { ...first, nonce: MAX.uint32 },
    { ...first, deadline: MAX.uint32 },
    { ...first, nonce: 12n, deadline: 1_795_357_320n },
  ];
  const vector = ([chainId, vault, act]) => ({
    chainId: chainId.toString(),
    vault,
    act: text(act),
    structHash: hashStruct({ types, primaryType: "Act", data: act }),
    digest: hashTypedData({ domain: domainOf(chainId, vault), types, primaryType: "Act", message: act }),
  });
  return [
    ...acts.map((act) => [ANVIL, VAULT, act]),
    [1n, VAULT, acts[0]],
    [ANVIL, drawAddress("other vault"), acts[0]],
  ].map(vector);
}

/** Words that depend on the index only: keccak256 of the seed's keccak256 and the word's number. */
function wordsOf(index) {
  const seed = keccak256(toHex(`pursestrings typed data ${index}`));
  let number = 0;
  return () => keccak256(concat([seed, toHex(number++, { size: 1 })]));
}

/** Of `size` bytes: zero, largest, or the word's last ones, by the word's first byte. */
function cut(word, size) {
  const kind = Number.parseInt(word.slice(2, 4), 16) % 8;
  if (kind === 0) return `0x${"00".repeat(size)}`;
  return kind === 1 ? `0x${"ff".repeat(size)}` : slice(word, 32 - size);
}

/** The digest of a payment, an approval or an act, by turns. */
function drawn(index) {
  const word = wordsOf(index);
  const number = (size) => hexToBigInt(cut(word(), size));
  const address = () => cut(word(), 20);
  const domain = domainOf(number(8), address());
  if (index % 3 === 2) {
    const length = Number(hexToBigInt(slice(word(), 31))) % 131;
    const bytes = concat(Array.from({ length: Math.ceil(length / 32) }, word));
    const message = { call: bytes.slice(0, 2 + 2 * length), nonce: number(4), deadline: number(4) };
    return hashTypedData({ domain, types, primaryType: "Act", message });
  }
  const payment = {
    session: number(4), nonce: number(4), deadline: number(4), token: address(), payee: address(),
    amount: number(16), fee: number(16), feeRecipient: address(), ref: cut(word(), 32),
  };
  return index % 3 === 0
    ? hashTypedData({ domain, types, primaryType: "Payment", message: payment })
    : hashTypedData({ domain, types, primaryType: "PaymentApproval", message: { payment } });
}

/** The running hash over the digests of all drawn structs, at every so many of them. */
export function drawnVectors() {
  let hash = zeroHash;
  const checkpoints = [];
  for (let index = 0; index < DRAWN; ++index) {
    hash = keccak256(concat([hash, drawn(index)]));
    if ((index + 1) % CHECKPOINT_EVERY === 0) checkpoints.push(hash);
  }
  return { structs: DRAWN, checkpointEvery: CHECKPOINT_EVERY, checkpoints };
}
