#!/usr/bin/env node
// Writes tests/vectors/*.json: what viem, an encoder that is not ours, makes of what is signed (EIP-712), of vault
// addresses (CREATE2) and of running hashes. Rust is tested against the files.
// `--check` recomputes them, writes nothing and fails when one differs.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  concat, encodeAbiParameters, encodeEventTopics, getContractAddress, keccak256, pad, parseAbi, slice, toHex,
  zeroAddress, zeroHash,
} from "viem";
import { actVectors, drawAddress, drawnVectors, paymentVectors } from "./typed-data.mjs";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "tests", "vectors");
const MAX_BYTES32 = `0x${"ff".repeat(32)}`;

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
  "payment.json": paymentVectors(),
  "act.json": actVectors(),
  "typed_data.json": drawnVectors(),
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
