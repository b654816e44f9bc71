// `fdfs delete`: removes files. One that cannot be removed is reported, the others go on.

import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { outcomeOf, Teller } from "./outcome.ts";

export async function run(context: CommandContext): Promise<number> {
  if (context.args.length === 0) throw new UsageError("No file ID given");
  const teller = new Teller<{ deleted: true }>(context, () => "");
  return withClient(context, async (client) => {
    for (const id of context.args) {
      const outcome = await outcomeOf(context, async () => {
        await client.delete(id);
        return { deleted: true } as const;
      });
      await teller.tell({ id }, outcome);
    }
    return teller.end();
  });
}
