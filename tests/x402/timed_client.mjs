// The stock client of @x402/fetch, timed: paying from an account of its own (an EOA), or from a purse. One JSON argument:
// { url, key, purse? }. Each line on stdin is one purchase; answered by its milliseconds on a line.
import readline from "node:readline";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { purseFetch } from "../../examples/js/purse-signer.mjs";

const { url, key, purse } = JSON.parse(process.argv[2]);
const eoaFetch = () =>
  wrapFetchWithPaymentFromConfig(fetch, {
    schemes: [{ network: "eip155:*", client: new ExactEvmScheme(privateKeyToAccount(key)) }],
    spendControls: { allowedAssets: true },
  });
const pay = purse ? purseFetch({ key, purse }) : eoaFetch();
for await (const _ of readline.createInterface({ input: process.stdin })) {
  const begun = performance.now();
  const response = await pay(url);
  await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  console.log(performance.now() - begun);
}
