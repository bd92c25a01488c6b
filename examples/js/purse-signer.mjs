// Pays x402 sellers from a purse with the stock client `@x402/fetch`.
//
// What this does not do: the stock client draws a new random nonce for every payment, so a request that is tried again may
// be paid twice; nothing is kept, nothing is asked of the vault first, and the purse is not refilled. The vault's limits
// hold all the same. `purse pay URL` and the crate `purse-agent` do all of that.
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { encodeAbiParameters, parseAbiParameters } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const BLOB = parseAbiParameters("address, uint256, uint256, uint256, bytes32, bytes");

/** A signer whose account is the purse: what the session key signs goes into the blob that the purse's hook reads. */
export function purseSigner({ key, purse }) {
  const account = privateKeyToAccount(key);
  return {
    address: purse,
    async signTypedData(data) {
      const signature = await account.signTypedData(data);
      const { to, value, validAfter, validBefore, nonce } = data.message;
      return encodeAbiParameters(BLOB, [to, value, validAfter, validBefore, nonce, signature]);
    },
  };
}

/** `fetch` that pays from a purse. `allowedAssets`: the purse pays in one token anyway. */
export function purseFetch({ key, purse }) {
  return wrapFetchWithPaymentFromConfig(fetch, {
    schemes: [{ network: "eip155:*", client: new ExactEvmScheme(purseSigner({ key, purse })) }],
    spendControls: { allowedAssets: true },
  });
}
