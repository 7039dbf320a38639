/**
 * Who is next. Runs that want the same wait in one lane, in order; a lane is
 * blocked by the first resource of which its head cannot have enough.
 *
 * - A head takes all that it wants, or nothing: there is no deadlock.
 * - A lane that comes later does not take what the head of an earlier lane waits
 *   for. Other resources it may take, until that head has waited for a whole
 *   `aging`: from then on the head holds back all that it wants.
 */

import { type Entry, Heap, isBefore } from "./_heap.ts";
import type { GateRefusal } from "./gate_error.ts";

/** Something of which there is so much: places, connections, memory. */
export class Resource {
  used = 0;
  limit: number;
  /** The most that a run has wanted of it. */
  largest = 1;
  /**
   * Whether this is the lowest priority that pressure lets in. Nothing of it is
   * used up: `limit` is that priority with the sign turned, and so are amounts.
   */
  readonly isFloor: boolean;
  /** Whether the limit is read, rather than fixed. */
  readonly isRead: boolean;
  /** The lanes whose heads wait for it. */
  readonly blocked: Lane[] = [];

  constructor(limit: number, isRead = false, isFloor = false) {
    this.limit = limit;
    this.isRead = isRead;
    this.isFloor = isFloor;
  }
}

/** One that waits. */
export interface Waiter extends Entry {
  readonly lane: Lane;
  /** Since when, by the host's `now()`. */
  readonly since: number;
  readonly priority: number;
  /** It has what it wants. */
  admit(): void;
}

/** How a wait ends: admitted, refused, or by its signal. */
export type WaitEnd = "admitted" | "full" | "late" | "closed" | "abandoned";

/** What those that wait need of where they wait. */
export interface Host {
  /** The time in milliseconds. */
  now(): number;
  /** A wait has ended; where it was not in vain, before the place is used. */
  ended(waiter: Waiter, end: WaitEnd): void;
  /** The error of a wait in vain, which counts it. */
  refusal(
    why: GateRefusal,
    priority?: number,
    maxWait?: number,
    isDoubtful?: boolean,
  ): Error;
}

const NOWHERE: readonly Resource[] = [];

/** Those that want the same. */
export class Lane {
  readonly queue = new Heap<Waiter>();
  readonly resources: readonly Resource[];
  /** How much each wants of each resource, in their order. */
  readonly amounts: readonly number[];
  /** How long a head waits before it holds back all that it wants; 0 for ever. */
  readonly aging: number;
  readonly host: Host;
  /** Whether it is of runs that are inside others, and have some places already. */
  readonly isInner: boolean;
  /** Where it is listed as blocked. */
  blockedBy = NOWHERE;

  constructor(
    resources: readonly Resource[],
    amounts: readonly number[],
    aging: number,
    host: Host,
    isInner = false,
  ) {
    this.isInner = isInner;
    this.resources = resources;
    this.amounts = amounts;
    this.aging = aging;
    this.host = host;
    for (const [index, resource] of resources.entries()) {
      resource.largest = Math.max(resource.largest, amounts[index]!);
    }
  }
}

/** Takes what a run of a lane wants. */
export function take({ resources, amounts }: Lane): void {
  for (let index = 0; index < resources.length; index++) {
    const resource = resources[index]!;
    if (!resource.isFloor) resource.used += amounts[index]!;
  }
}

/** Gives back what a run of a lane had; `offer` lets others have it. */
export function giveBack({ resources, amounts }: Lane): void {
  for (let index = 0; index < resources.length; index++) {
    const resource = resources[index]!;
    if (!resource.isFloor) resource.used -= amounts[index]!;
  }
}

/** Lets those in that wait for what a run of a lane had. */
export function offer({ resources }: Lane): void {
  let only: Lane | undefined;
  let count = 0;
  for (const { blocked } of resources) {
    count += blocked.length;
    only = blocked[0] ?? only;
  }
  // Mostly there is one lane, if any.
  if (count === 1) advance(only!);
  else if (count > 0) pump(resources);
}

/** The first resource of which there is not enough, or an earlier head waits for. */
export function shortOf(
  { resources, amounts, isInner }: Lane,
  entry: Entry,
): Resource | undefined {
  for (let index = 0; index < resources.length; index++) {
    const resource = resources[index]!;
    const { used, limit, isFloor, blocked } = resource;
    if (used + amounts[index]! > limit) return resource;
    if (isFloor) continue;
    for (const lane of blocked) {
      // What one holds back that it is not short of may be for long, where it waits
      // for a place of the run that this one is inside.
      if (isInner && !isShort(lane, resource)) continue;
      if (isBefore(lane.queue.first!, entry)) return resource;
    }
  }
  return undefined;
}

/** Whether one waits that wants more of a resource than is left. */
export function isScarce(resource: Resource): boolean {
  // One that has waited for long holds back also what there is enough of.
  return resource.blocked.some((lane) => isShort(lane, resource));
}

/** Whether the runs of a lane want more of a resource than is left. */
function isShort({ resources, amounts }: Lane, resource: Resource): boolean {
  const { used, limit } = resource;
  return used + amounts[resources.indexOf(resource)]! > limit;
}

/** Puts one that waits into the order. */
export function enter(waiter: Waiter): void {
  const { lane } = waiter;
  lane.queue.add(waiter);
  // It may come before those that have held back an earlier head of its lane.
  if (lane.queue.first === waiter) advance(lane);
}

/** Takes one out that waits no more. */
export function withdraw(waiter: Waiter): void {
  const { lane } = waiter;
  const { queue, blockedBy } = lane;
  const isHead = queue.first === waiter;
  queue.remove(waiter);
  if (!isHead) return;
  if (queue.size === 0) unblock(lane);
  // What it has held back goes to others, or to the next of its lane.
  pump(blockedBy);
}

/** Takes all out that wait in a lane, and lets none in; `pump` does. */
export function clear(lane: Lane): Waiter[] {
  const waiters = [...lane.queue];
  for (const each of waiters) lane.queue.remove(each);
  unblock(lane);
  return waiters;
}

/** Lets those in that wait for resources, as far as it goes, the first in order. */
export function pump(freed: Iterable<Resource>): void {
  const resources = new Set(freed);
  const stuck = new Set<Lane>();
  for (let lane; (lane = bestOf(resources, stuck));) {
    const head = lane.queue.first;
    const { blockedBy } = lane;
    advance(lane);
    if (lane.queue.first === head) stuck.add(lane);
    // What it holds back no more is there for others.
    else for (const resource of blockedBy) resources.add(resource);
  }
}

/** The lane whose head comes before all others that wait for the resources. */
function bestOf(
  resources: Iterable<Resource>,
  stuck: ReadonlySet<Lane>,
): Lane | undefined {
  let best: Lane | undefined;
  for (const { blocked } of resources) {
    for (const lane of blocked) {
      const isBetter = !best || isBefore(lane.queue.first!, best.queue.first!);
      if (isBetter && !stuck.has(lane)) best = lane;
    }
  }
  return best;
}

/** Lets the heads of a lane in, one after the other, until one has to wait. */
function advance(lane: Lane): void {
  const { queue } = lane;
  for (let head; (head = queue.first);) {
    // Its own place among the blocked holds no head back.
    const short = shortOf(lane, head);
    if (short) return block(lane, short, head);
    queue.remove(head);
    if (queue.size === 0) unblock(lane);
    take(lane);
    head.admit();
  }
}

function block(lane: Lane, short: Resource, { since }: Waiter): void {
  const { aging, resources, blockedBy } = lane;
  const isOld = aging > 0 && !short.isFloor && resources.length > 1 &&
    lane.host.now() - since >= aging;
  if (!isOld && blockedBy.length === 1 && blockedBy[0] === short) return;
  unblock(lane);
  lane.blockedBy = isOld
    ? resources.filter(({ isFloor }) => !isFloor)
    : [short];
  for (const { blocked } of lane.blockedBy) blocked.push(lane);
}

function unblock(lane: Lane): void {
  for (const { blocked } of lane.blockedBy) {
    const last = blocked.pop()!;
    if (last !== lane) blocked[blocked.indexOf(lane)] = last;
  }
  lane.blockedBy = NOWHERE;
}
