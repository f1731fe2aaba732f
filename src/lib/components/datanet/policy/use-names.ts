import type { Rule, Use } from '$lib/datanets/policy/policy';

/** What each use is called, and what it is, for people who choose rules for it. */
export const useNames: Record<Use, { name: string; help: string }> = {
  training: { name: 'Training', help: 'Teaching a model with the rows.' },
  evaluation: { name: 'Evaluation', help: 'Measuring with them how good a model is.' },
  retrieval: { name: 'Retrieval', help: 'Looking rows up to answer a question.' },
  display: { name: 'Display', help: 'Showing the rows to people, whoever is granted it included.' },
  redistribution: { name: 'Redistribution', help: 'Passing the rows on.' }
};

export const ruleNames: Record<Rule['rule'], string> = {
  allowed: 'Allowed',
  conditions: 'With conditions',
  forbidden: 'Forbidden'
};
