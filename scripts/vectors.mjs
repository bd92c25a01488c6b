#!/usr/bin/env node
// Writes tests/vectors/*.json: what viem, an encoder that is not ours, makes of our payments (EIP-712), vault addresses
// (CREATE2) and running hashes. Rust and the contracts are tested against the files.
// `--check` recomputes them, writes nothing and fails when one differs.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  concat, domainSeparator, encodeAbiParameters, encodeEventTopics, getAddress, getContractAddress, hashStruct,
  hashTypedData, keccak256, pad, parseAbi, slice, toHex, zeroAddress, zeroHash,
} from "viem";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "tests", "vectors");
const RANDOM_VECTORS = 12;
const MAX = { uint32: 2n ** 32n - 1n, uint64: 2n ** 64n - 1n, uint128: 2n ** 128n - 1n };
const MAX_ADDRESS = getAddress(`0x${"ff".repeat(20)}`);
const MAX_BYTES32 = `0x${"ff".repeat(32)}`;

const types = {
  Payment: [
    { name: "session", type: "uint32" },
    { name: "nonce", type: "uint32" },
    { name: "deadline", type: "uint32" },
    { name: "token", type: "address" },
    { name: "payee", type: "address" },
    { name: "amount", type: "uint128" },
    { name: "fee", type: "uint128" },
    { name: "feeRecipient", type: "address" },
    { name: "ref", type: "bytes32" },
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

// Everything zero, everything largest, each field alone largest, the domain's own edges, then drawn ones.
const cases = [
  [ANVIL, VAULT, zero],
  [ANVIL, VAULT, largest],
  ...Object.keys(zero).map((field) => [ANVIL, VAULT, { ...zero, [field]: largest[field] }]),
  [0n, zeroAddress, zero],
  [MAX.uint64, MAX_ADDRESS, largest],
  ...Array.from({ length: RANDOM_VECTORS }, (_, index) => drawCase(index)),
];

/** A number below 2^bits that depends on the label only. */
function draw(label, bits) {
  return BigInt(keccak256(toHex(label))) >> BigInt(256 - bits);
}

function drawAddress(label) {
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

function paymentVector([chainId, vault, payment]) {
  const domain = { name: "Pursestrings Vault", version: "1", chainId, verifyingContract: vault };
  return {
    chainId: chainId.toString(),
    vault,
    payment: Object.fromEntries(Object.entries(payment).map(([field, value]) => [field, value.toString()])),
    domainSeparator: domainSeparator({ domain }),
    structHash: hashStruct({ types, primaryType: "Payment", data: payment }),
    digest: hashTypedData({ domain, types, primaryType: "Payment", message: payment }),
  };
}

/** The address of one configuration, and of each that differs from it in one thing. */
function addressVectors() {
  const first = {
    factory: drawAddress("factory"), chainId: "31337", creationCode: "0x6001600255", salt: zeroHash,
    owner: drawAddress("owner"), treasury: drawAddress("treasury"), guardian: drawAddress("guardian"),
  };
  const other = {
    factory: drawAddress("other factory"), chainId: "8453", creationCode: "0x6001600256", salt: MAX_BYTES32,
    owner: drawAddress("other owner"), treasury: drawAddress("other treasury"), guardian: zeroAddress,
  };
  const inputs = [first, ...Object.keys(first).map((field) => ({ ...first, [field]: other[field] })), other];
  return inputs.map((input) => {
    const roles = encodeAbiParameters(
      [{ type: "address" }, { type: "address" }, { type: "address" }],
      [input.owner, input.treasury, input.guardian],
    );
    const salt = keccak256(
      encodeAbiParameters([{ type: "uint256" }, { type: "bytes32" }], [BigInt(input.chainId), input.salt]),
    );
    const bytecode = concat([input.creationCode, roles]);
    return { ...input, vault: getContractAddress({ opcode: "CREATE2", from: input.factory, salt, bytecode }) };
  });
}

/** Three events in a row and the running hash after each. */
function hashVectors() {
  const abi = parseAbi([
    "event Paused(address indexed by, uint32 sequence)",
    "event Paid(uint32 indexed session, address indexed payee, bytes32 indexed ref, address token, uint128 amount, uint128 fee, address feeRecipient, uint8 category, uint32 nonce, uint32 sequence)",
    "event AllRevoked(uint32 epoch, address indexed by, uint32 sequence)",
  ]);
  const by = drawAddress("by");
  const paid = {
    session: 1, payee: drawAddress("payee"), ref: keccak256(toHex("reference")), token: drawAddress("token"),
    amount: 1_500_000n, fee: 10_000n, feeRecipient: drawAddress("fee recipient"), category: 1, nonce: 7,
  };
  const logged = [["Paused", { by }], ["Paid", paid], ["AllRevoked", { epoch: 1, by }]];
  let head = zeroHash;
  return logged.map(([eventName, fields], index) => {
    const args = { ...fields, sequence: index + 1 };
    const topics = encodeEventTopics({ abi, eventName, args });
    const inputs = abi.find((item) => item.name === eventName).inputs.filter((input) => !input.indexed);
    const data = encodeAbiParameters(inputs, inputs.map((input) => args[input.name]));
    head = pad(slice(keccak256(concat([head, ...topics, data])), 0, 21));
    return { name: eventName, topics, data, head };
  });
}

const files = {
  "payment.json": cases.map(paymentVector),
  "vault_address.json": addressVectors(),
  "running_hash.json": hashVectors(),
};
for (const [name, vectors] of Object.entries(files)) {
  const [file, text] = [join(FOLDER, name), `${JSON.stringify(vectors, null, 2)}\n`];
  if (process.argv[2] !== "--check") {
    writeFileSync(file, text);
  } else if (readFileSync(file, "utf8") !== text) {
    console.error(`tests/vectors/${name} is not what viem computes\nfix: run node scripts/vectors.mjs`);
    process.exitCode = 1;
  }
}
