// What each library was seen to run in Paris around the changes of 2026, as UTC:
// for each of these lines the night of 29 March, from 23:00Z to 06:00Z, in which the
// hour from 01:00Z on begins at three o'clock, and that of 25 October, from 23:00Z
// to 05:00Z, in which two o'clock comes at 00:00Z and again at 01:00Z.

export const lines = [
  "30 2 * * *",
  "30 2,14 * * *",
  "0,30 2 * * *",
  "*/15 2 * * *",
  "0 * * * *",
];

const all = "00:00 01:00 02:00 03:00 04:00 05:00";
const halfHours = "00:00 00:30";
const quarters = "00:00 00:15 00:30 00:45";
const twice = {
  halfHours: `${halfHours} 01:00 01:30`,
  quarters: `${quarters} 01:00 01:15 01:30 01:45`,
};
const spring = {
  all: `${all} 06:00`,
  /** What is left out runs as the gap ends. */
  moved: ["01:00", "01:00", "01:00", "01:00", `${all} 06:00`],
  /** It runs an hour later, where it stands alone. */
  later: ["01:30", "01:30", "01:00", "01:00", `${all} 06:00`],
  /** It does not run. */
  none: ["", "", "", "", `${all} 06:00`],
};
const autumn = {
  once: ["00:30", "00:30", halfHours, quarters, all],
  /** And the second of the two hours has no full hour. */
  onceAtAll: [
    "00:30",
    "00:30",
    halfHours,
    quarters,
    "00:00 02:00 03:00 04:00 05:00",
  ],
  /** A single time runs once, and all others twice. */
  lists: ["00:30", "00:30 01:30", twice.halfHours, twice.quarters, all],
  /** Everything runs in both hours. */
  twice: ["00:30 01:30", "00:30 01:30", twice.halfHours, twice.quarters, all],
};
/** The first of the two hours is passed over. */
const second = [
  "01:30",
  "01:30",
  "01:00 01:30",
  "01:00 01:15 01:30 01:45",
  "01:00 02:00 03:00 04:00 05:00",
];

export const expected = {
  croner: {
    spring: ["01:00", "", "", "", spring.all],
    autumn: autumn.lists,
  },
  "croner, no-wildcard": {
    spring: ["01:00", "01:00", "01:00", "", spring.all],
    autumn: ["00:30", "00:30", halfHours, twice.quarters, all],
  },
  "croner 10": { spring: spring.later, autumn: autumn.onceAtAll },
  "croner 9": {
    spring: spring.later,
    autumn: second,
  },
  "croner 8": {
    spring: spring.later,
    autumn: second,
  },
  cronosjs: { spring: spring.moved, autumn: autumn.onceAtAll },
  cron: { spring: spring.moved, autumn: autumn.once },
  "cron-parser": { spring: spring.later, autumn: autumn.once },
  "cron-schedule": { spring: spring.later, autumn: autumn.onceAtAll },
  "node-schedule": { spring: spring.none, autumn: autumn.twice },
  later: { spring: spring.none, autumn: autumn.twice },
  "rrule-temporal": { spring: spring.none, autumn: autumn.onceAtAll },
};

/** Those whose daily runs are Temporal's in every zone and at every change. */
export const exact = ["croner", "croner, no-wildcard"];

/** What throws instead of giving a run, by library and zone. */
export const throwing = {
  "cron-parser": {
    "Australia/Lord_Howe": "Invalid expression, loop limit exceeded",
  },
};

/**
 * Those that answer otherwise within the hour that is left out or comes twice than
 * before it: a ticker holds what it was answered before, but one that starts then,
 * or whose clock is put back, may miss that night's run.
 */
export const unstable = [
  "croner 10",
  "croner 9",
  "croner 8",
  "cron-parser",
  "cron-schedule",
];
