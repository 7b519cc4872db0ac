/** How an object is doing, by the kstatus rules. */
export type Status = 'ready' | 'progressing' | 'failed' | 'suspended' | 'terminating' | 'unknown';

export interface Health {
  readonly status: Status;
  /** The object's own words (the Ready condition's message), or what is being waited for. */
  readonly message: string;
}
