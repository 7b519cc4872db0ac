/** A node that the server told to a tree item: icon, words, and the same words for a screen reader. */
import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { NodeStatus, TreeNode } from '../../protocol/index.ts';

const statusIcons: Readonly<Record<NodeStatus, readonly [icon: string, color?: string]>> = {
  ready: ['pass', 'testing.iconPassed'],
  progressing: ['sync', 'charts.blue'],
  failed: ['error', 'testing.iconFailed'],
  suspended: ['debug-pause', 'charts.yellow'],
  terminating: ['trash', 'charts.orange'],
  unknown: ['circle-outline'],
  stale: ['debug-disconnect', 'disabledForeground'],
};

const statusWords: Readonly<Record<NodeStatus, string>> = {
  ready: 'ready',
  progressing: 'in progress',
  failed: 'failed',
  suspended: 'suspended',
  terminating: 'being deleted',
  unknown: 'state unknown',
  stale: 'not up to date, connection lost',
};

const groupIcons: Readonly<Record<string, string>> = {
  'group:sources': 'repo',
  'group:kustomizations': 'layers',
  'group:releases': 'package',
  'group:images': 'versions',
  'group:notifications': 'bell',
};

export function treeItem(node: TreeNode): TreeItem {
  const item = new TreeItem(node.label, collapsible[node.expandable ?? 'never']);
  item.id = node.id;
  if (node.description !== undefined) item.description = node.description;
  item.tooltip = (node.details ?? [node.label, node.description ?? '']).filter((line) => line !== '').join('\n');
  item.contextValue = [node.kind, ...(node.can ?? [])].join(' ');
  item.iconPath = iconOf(node);
  const words = [node.label, node.status === undefined ? '' : statusWords[node.status], node.description ?? ''];
  item.accessibilityInformation = { label: words.filter((part) => part !== '').join(', ') };
  return item;
}

const collapsible = {
  never: TreeItemCollapsibleState.None,
  collapsed: TreeItemCollapsibleState.Collapsed,
  expanded: TreeItemCollapsibleState.Expanded,
} as const;

function iconOf(node: TreeNode): ThemeIcon {
  if (node.kind === 'group') {
    const color = node.status === 'failed' ? new ThemeColor('testing.iconFailed') : undefined;
    return new ThemeIcon(groupIcons[node.id] ?? 'folder', color);
  }
  const [icon, color] = statusIcons[node.status ?? 'unknown'];
  return new ThemeIcon(icon, color === undefined ? undefined : new ThemeColor(color));
}
