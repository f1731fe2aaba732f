import type { StatementKind } from '$lib/datanets/trust/statements';

/** What the page says around a kind of statement; what is signed itself has words of its own. */
export interface KindWords {
  /** What it is called: `an invitation`. */
  name: string;
  /** Before signing: the title of the question. */
  question: string;
  /** After signing. */
  done: string;
  /** What to do with the file. */
  next: string;
}

export const kindWords: Record<StatementKind, KindWords> = {
  invitation: {
    name: 'an invitation',
    question: 'Sign this invitation?',
    done: 'The invitation is signed',
    next: 'Give the file or the link to whoever should write rows. They open it in Tabtune under Datanets.'
  },
  contribution: {
    name: 'a contribution',
    question: 'Sign and hand in these rows?',
    done: 'Your rows are signed',
    next: 'Nothing was sent. Give this file back to the owner, who opens it and decides row by row. Only the owner can read the rows in it.'
  },
  decision: {
    name: 'a decision',
    question: 'Sign this decision?',
    done: 'The decision is signed',
    next: 'Give the file or the link to the contributor, who then sees which rows were taken and why others were not.'
  },
  withdrawal: {
    name: 'a withdrawal',
    question: 'Take these rows back?',
    done: 'The withdrawal is signed',
    next: 'Give the file or the link to the owner. The rows leave the next version; versions already published stay as they are.'
  },
  validation: {
    name: 'a validation',
    question: 'Sign this validation?',
    done: 'The validation is signed',
    next: 'Give the file or the link to the owner, or to anyone who wants to know what you found.'
  },
  version: {
    name: 'a version',
    question: 'Publish this version?',
    done: 'The version is published',
    next: 'It is kept in this browser. Download the bundle to give it to others; they open it in Tabtune under Datanets.'
  },
  'access-request': {
    name: 'a request for access',
    question: 'Ask for access?',
    done: 'The request is signed',
    next: 'Nothing was sent. Give the file or the link to the owner, who grants or refuses it.'
  },
  'access-grant': {
    name: 'a grant of access',
    question: 'Let this person read the version?',
    done: 'The grant is signed',
    next: 'Give the file or the link to the person it names. The key in it opens for nobody else.'
  },
  refusal: {
    name: 'a refusal',
    question: 'Refuse this request?',
    done: 'The refusal is signed',
    next: 'Give the file or the link to the person who asked, who then sees your reason.'
  },
  revocation: {
    name: 'a revocation',
    question: 'End this grant?',
    done: 'The revocation is signed',
    next: 'Give the file or the link to the person it names. Until their browser has opened it, it cannot know that the grant ended.'
  },
  'wallet-link': {
    name: 'a link to a wallet',
    question: 'Say that this wallet is yours?',
    done: 'The link is signed',
    next: 'Give the file or the link to those who should know that both are you.'
  },
  'run-manifest': {
    name: 'a run manifest',
    question: 'Sign how this adapter was made?',
    done: 'The run manifest is signed',
    next: 'It goes with the adapter when you export it. Anybody can check it, and repeat the run from the same inputs.'
  },
  'attribution-receipt': {
    name: 'an attribution receipt',
    question: 'Sign whose rows made this adapter?',
    done: 'The receipt is signed',
    next: 'It goes with the adapter when you export it. From it contributors can be paid, under Claims.'
  },
  retraction: {
    name: 'a retraction',
    question: 'Take this claim back?',
    done: 'The claim is taken back',
    next: 'Give the file or the link to those who have the claim. Until they have opened it, they cannot know.'
  }
};
