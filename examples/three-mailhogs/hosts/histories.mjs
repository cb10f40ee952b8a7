/**
 * What happened in the repositories of this example. Their files lie in `repositories/`; this says who committed which of them, when, and on which branch.
 * Nothing else goes into a commit, so that each has the same id on every machine, and the committed micro.lock files fit.
 *
 * @typedef {object} Commit
 * @property {string} branch
 * @property {string} date with its time and offset from UTC
 * @property {string} message
 * @property {(path: string) => boolean} has whether a file is part of it
 * @property {string} [tag] an annotated tag at this commit
 *
 * @typedef {object} History
 * @property {string} path as in a reference: host, owner and name
 * @property {string} author
 * @property {readonly Commit[]} commits each on top of the one before; the first one's branch is HEAD
 */

/** @type {readonly History[]} */
export const histories = [
  {
    path: 'github.com/alice/mailhog',
    author: 'Alice <alice@example.com>',
    commits: [
      { branch: 'main', date: '2026-03-02T09:15:00Z', message: 'README: what this is going to be', has: (path) => path === 'README.md' },
      { branch: 'develop', date: '2026-03-05T16:40:00Z', message: 'mailhog: the last twenty mails are kept', has: () => true },
    ],
  },
  {
    path: 'github.com/bob/mailhog',
    author: 'Bob <bob@example.com>',
    commits: [
      {
        branch: 'main',
        date: '2026-02-11T20:05:00Z',
        message: 'mailhog: mail to a person is refused',
        has: (path) => !path.startsWith('blackhole/'),
        tag: 'v1.0.0',
      },
      { branch: 'main', date: '2026-04-20T21:30:00Z', message: 'blackhole: mail is counted, not kept', has: () => true, tag: 'v1.1.0' },
    ],
  },
  {
    path: 'github.com/lando/plugins',
    author: 'Lando <lando@example.com>',
    commits: [{ branch: 'main', date: '2026-01-15T12:00:00Z', message: 'The plugins that we know of', has: () => true }],
  },
]
