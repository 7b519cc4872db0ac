/**
 * The ordered list of resources of one build step. Ids are looked up through indexes that are made when first asked for
 * and dropped on every change, so that the cost of a build grows with the number of resources and not with its square.
 */
import type { Origin } from '../yaml/node.ts';
import { Refusal } from './refusal.ts';
import {
  currentId,
  idKey,
  idText,
  nameOrigin,
  originalId,
  previousIds,
  type ResId,
  type Resource,
  type Scope,
} from './resource.ts';
import { isEmpty } from './tree.ts';

export class ResMap {
  readonly isClusterScoped: Scope;
  private list: Resource[];
  private byCurrent: Map<string, number> | undefined;
  private byAny: Map<string, number[]> | undefined;
  private byName: Map<string, number[]> | undefined;

  constructor(isClusterScoped: Scope, list: readonly Resource[] = []) {
    this.isClusterScoped = isClusterScoped;
    this.list = [...list];
  }

  get resources(): readonly Resource[] {
    return this.list;
  }

  get size(): number {
    return this.list.length;
  }

  at(index: number): Resource {
    return this.list[index]!;
  }

  /** Adds a resource; refused when its current id is taken. */
  append(added: Resource): void {
    const id = currentId(added, this.isClusterScoped);
    const key = idKey(id);
    const index = this.currentIndex();
    if (index.has(key)) {
      throw new Refusal(`may not add resource with an already registered id: ${idText(id)}`, nameOrigin(added.node));
    }
    index.set(key, this.list.length);
    this.list.push(added);
    this.byAny = undefined;
    this.byName = undefined;
  }

  replace(index: number, changed: Resource): void {
    if (this.list[index] === changed) return;
    this.list[index] = changed;
    this.forget();
  }

  /** Changes every resource; one that becomes undefined or empty is dropped. */
  update(change: (of: Resource, index: number) => Resource | undefined): void {
    let changed = false;
    const next: Resource[] = [];
    for (const [index, old] of this.list.entries()) {
      const now = change(old, index);
      if (now !== old) changed = true;
      if (now !== undefined && !isEmpty(now.node)) next.push(now);
      else changed = true;
    }
    if (!changed) return;
    this.list = next;
    this.forget();
  }

  dropEmpty(): void {
    if (!this.list.some((each) => isEmpty(each.node))) return;
    this.list = this.list.filter((each) => !isEmpty(each.node));
    this.forget();
  }

  reset(list: readonly Resource[]): void {
    this.list = [];
    this.forget();
    for (const each of list) this.append(each);
  }

  indexOfCurrent(id: ResId): number | undefined {
    return this.currentIndex().get(idKey(id));
  }

  /** Indexes of the resources that have or had this id. */
  matchingAny(id: ResId): readonly number[] {
    this.byAny ??= this.indexAll((of) => this.idsOf(of).map(idKey));
    return this.byAny.get(idKey(id)) ?? [];
  }

  /** Indexes of the resources that have or had this name. */
  named(name: string): readonly number[] {
    this.byName ??= this.indexAll((of) => this.idsOf(of).map((id) => id.name));
    return this.byName.get(name) ?? [];
  }

  /** The ids that a resource had, oldest first, and then the one it has. */
  idsOf(of: Resource): readonly ResId[] {
    return [...previousIds(of), currentId(of, this.isClusterScoped)];
  }

  current(of: Resource): ResId {
    return currentId(of, this.isClusterScoped);
  }

  original(of: Resource): ResId {
    return originalId(of, this.isClusterScoped);
  }

  /** The one resource that has or had this id. */
  find(id: ResId, at: Origin): number {
    const found = this.matchingAny(id);
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const count = found.length === 0 ? 'no' : 'multiple';
    throw new Refusal(
      `${count} matches for Id ${idText(id)}; failed to find unique target for patch ${idText(id)}`,
      at,
    );
  }

  private currentIndex(): Map<string, number> {
    if (this.byCurrent === undefined) {
      this.byCurrent = new Map();
      for (const [index, of] of this.list.entries()) this.byCurrent.set(idKey(this.current(of)), index);
    }
    return this.byCurrent;
  }

  private indexAll(keysOf: (of: Resource) => readonly string[]): Map<string, number[]> {
    const index = new Map<string, number[]>();
    for (const [position, of] of this.list.entries()) {
      for (const key of new Set(keysOf(of))) {
        const positions = index.get(key);
        if (positions === undefined) index.set(key, [position]);
        else positions.push(position);
      }
    }
    return index;
  }

  private forget(): void {
    this.byCurrent = undefined;
    this.byAny = undefined;
    this.byName = undefined;
  }
}
