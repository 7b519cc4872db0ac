/**
 * The cluster's tree. The server keeps the watches and tells which nodes changed; this asks again for those that are
 * shown. Elements are kept by id, so that the tree keeps its selection and what is open.
 */
import { EventEmitter, type TreeDataProvider, type TreeItem } from 'vscode';
import type { TreeNode } from '../../protocol/index.ts';
import type { Client } from '../client.ts';
import { treeItem } from './item.ts';

/** A place in the tree; `node` is what it looks like now. */
export interface FleetElement {
  node: TreeNode;
}

export class FleetTree implements TreeDataProvider<FleetElement> {
  readonly #client: Client;
  readonly #changed = new EventEmitter<FleetElement | undefined>();
  readonly #elements = new Map<string, FleetElement>();
  #roots: readonly string[] = [];
  /** Until the view has been shown, news is nobody's concern. */
  #shown = false;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(client: Client) {
    this.#client = client;
    client.on('sluice/treeChanged', ({ ids }) => void this.#refresh(ids));
  }

  getTreeItem(element: FleetElement): TreeItem {
    return treeItem(element.node);
  }

  async getChildren(element?: FleetElement): Promise<FleetElement[]> {
    this.#shown = true;
    const nodes = await this.#client.request('sluice/children', element === undefined ? {} : { id: element.node.id });
    const children = nodes.map((node) => this.#keep(node));
    if (element === undefined) this.#roots = nodes.map((node) => node.id);
    return children;
  }

  #keep(node: TreeNode): FleetElement {
    const known = this.#elements.get(node.id);
    if (known !== undefined) {
      known.node = node;
      return known;
    }
    const element = { node };
    this.#elements.set(node.id, element);
    return element;
  }

  async #refresh(ids: readonly string[] | undefined): Promise<void> {
    if (!this.#shown) return;
    if (ids === undefined) {
      this.#elements.clear();
      return this.#changed.fire(undefined);
    }
    // Headings count what is under them, so their own words change with their children.
    const roots = await this.#client.request('sluice/children', {});
    if (roots.map((node) => node.id).join() !== this.#roots.join()) return this.#changed.fire(undefined);
    for (const node of roots) this.#keep(node);
    for (const id of ids) {
      const element = this.#elements.get(id);
      if (element !== undefined) this.#changed.fire(element);
    }
  }
}
