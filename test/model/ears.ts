/** Subscriptions as agents that wait have them, over one connection for all sequences. */
import { createHash } from "node:crypto";
import { connectRedis } from "../../infra/local/redis/connection.ts";
import { textOf, type RespValue } from "../../infra/local/redis/resp.ts";
import { keysOf } from "../../src/store/keys.ts";

export interface Ears {
  /** From then on the agent hears what is published for it, or no more. */
  readonly listen: (agent_id: string, hears: boolean) => Promise<void>;
  /** To whom something was said since the last time, once for each message. Call it when what says it is done. */
  readonly heard: () => Promise<string[]>;
}

export interface Switchboard {
  readonly earsFor: (project: string) => Ears;
  readonly close: () => void;
}

export async function openSwitchboard(url: string): Promise<Switchboard> {
  const messages = new Map<string, (channel: string) => void>();
  const said = (value: RespValue | undefined): string =>
    Buffer.isBuffer(value) ? textOf(value) : "";
  const line = await connectRedis({
    url,
    onPush: ([kind, channel]) => {
      if (said(kind) === "message") messages.get(said(channel))?.(said(channel));
    },
  });
  // Replies and messages come in the order in which Redis sent them.
  const settled = async (): Promise<void> => void (await line.call(["PING"]));
  return {
    close: line.close,
    earsFor: (project) => {
      const { control } = keysOf(project).project;
      let heard: string[] = [];
      let open = 0;
      return {
        listen: async (agent_id, hears) => {
          const digest = createHash("sha1").update(agent_id).digest("hex");
          const channel = `${control}:wake:${digest}`;
          if (messages.has(channel) === hears) return;
          open += hears ? 1 : -1;
          if (hears) messages.set(channel, () => heard.push(agent_id));
          else messages.delete(channel);
          line.post([hears ? "SUBSCRIBE" : "UNSUBSCRIBE", channel]);
          await settled();
        },
        heard: async () => {
          if (open > 0) await settled();
          const all = heard;
          heard = [];
          return all.toSorted();
        },
      };
    },
  };
}
