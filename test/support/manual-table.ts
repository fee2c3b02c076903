import type { ApplyResult, ForwardingTable, MappingBatch, TableControl } from '../../src/mapping/forwarding-table.js';

/** A table that answers when it is told to, and how it is told to. */
export class ManualTable implements ForwardingTable {
  readonly batches: MappingBatch[] = [];
  control: TableControl | undefined;
  closed = false;
  #answer: ((result: ApplyResult | undefined) => void) | undefined;
  #refuse: ((error: Error) => void) | undefined;
  throws = false;

  attach(control: TableControl): void {
    this.control = control;
  }
  apply(batch: MappingBatch): Promise<ApplyResult | undefined> {
    if (this.throws) throw new Error('the table threw');
    this.batches.push(batch);
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#refuse = reject;
    });
  }
  close(): void {
    this.closed = true;
  }
  async done(result?: ApplyResult): Promise<void> {
    this.#answer?.(result);
    await flush();
  }
  async fail(): Promise<void> {
    this.#refuse?.(new Error('the switch is gone'));
    await flush();
  }
  last(): string {
    const batch = this.batches.at(-1);
    return `${batch?.kind} ${batch?.changes.map(({ prefix, before, after }) => `${prefix} ${before?.[0].node ?? '-'}>${after?.[0].node ?? '-'}`).join(', ')}`;
  }
}

/** Lets what waits for promises go on. */
export async function flush(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
