// The stock facilitator of @x402/core and @x402/evm, behind the three routes that every facilitator has.
import express from "express";
import { x402Facilitator } from "@x402/core/facilitator";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { createWalletClient, defineChain, http, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** Starts it; `before` may hold up or change what comes in, as slow and meddling facilitators do. */
export async function startFacilitator({ rpcUrl, chainId, key }, before = {}) {
  const chain = defineChain({
    id: chainId,
    name: "local",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const account = privateKeyToAccount(key);
  const client = createWalletClient({ account, chain, transport: http(rpcUrl), pollingInterval: 10 }).extend(publicActions);
  const signer = toFacilitatorEvmSigner({
    address: account.address,
    getCode: (args) => client.getCode(args),
    readContract: (args) => client.readContract({ ...args, args: args.args ?? [] }),
    verifyTypedData: (args) => client.verifyTypedData(args),
    writeContract: (args) => client.writeContract({ ...args, args: args.args ?? [] }),
    sendTransaction: (args) => client.sendTransaction(args),
    waitForTransactionReceipt: (args) => client.waitForTransactionReceipt(args),
  });
  const facilitator = new x402Facilitator().register(`eip155:${chainId}`, new ExactEvmScheme(signer));

  const app = express();
  app.use(express.json({ limit: "1mb" }));
  app.get("/supported", (_, res) => res.json(facilitator.getSupported()));
  const route = (name, work) =>
    app.post(`/${name}`, async (req, res) => {
      try {
        const { paymentPayload, paymentRequirements } = req.body;
        await before[name]?.(paymentPayload, client);
        res.json(await work(paymentPayload, paymentRequirements));
      } catch (error) {
        res.status(500).json({ error: String(error.message ?? error) });
      }
    });
  route("verify", (payload, requirements) => facilitator.verify(payload, requirements));
  // One at a time: two transactions of one account that are sent at once would ask for the same nonce.
  let turn = Promise.resolve();
  const inTurn = (work) => (turn = turn.then(work, work));
  route("settle", (payload, requirements) => inTurn(() => facilitator.settle(payload, requirements)));
  return { url: await listen(app), client };
}

/** Listens on a free port of this machine; gives the URL. */
export function listen(app) {
  return new Promise((resolve, reject) => {
    const server = app.listen(0, "127.0.0.1", (error) =>
      error ? reject(error) : resolve(`http://127.0.0.1:${server.address().port}`),
    );
  });
}
