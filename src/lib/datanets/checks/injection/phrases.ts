/** What instructions that are aimed at a model look like in running text. Every part of every pattern is bounded. */
export interface InjectionPattern {
  kind: string;
  message: string;
  /** Something short that every match holds: most texts do not, and are not looked through. */
  hint: RegExp;
  pattern: RegExp;
}

const GAP = '[\\s,:;"\'*_-]{1,4}';
const FILLER = `(?:[\\p{L}'’]{1,12}${GAP}){0,4}`;

function phrase(kind: string, message: string, hint: RegExp, source: string): InjectionPattern {
  return {
    kind,
    message,
    hint,
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])${source}(?![\\p{L}\\p{N}])`, 'giu')
  };
}

const OVERRIDE = 'Tells the model to ignore what it was told before.';
const EXFILTRATE = 'Asks the model for its system prompt.';
const PERSONA = 'Tells the model to drop its rules.';

export const PHRASES: readonly InjectionPattern[] = [
  phrase(
    'override',
    OVERRIDE,
    /ignore|disregard|forget|override|bypass|follow/i,
    `(?:ignore|disregard|forget|override|bypass|do not follow|don't follow|stop following)${GAP}${FILLER}(?:previous|prior|above|earlier|preceding|former|existing|original|system|initial|your)${GAP}(?:[\\p{L}]{1,12}${GAP}){0,2}(?:instructions?|prompts?|directions?|directives?|rules|guidelines|commands?|programming|training|orders)`
  ),
  phrase(
    'override',
    OVERRIDE,
    /ignore|disregard|forget/i,
    `(?:ignore|disregard|forget)${GAP}(?:everything|anything|all)${GAP}(?:[\\p{L}]{1,12}${GAP}){0,3}(?:above|before this|previously|you (?:were|have been) told|i (?:said|told you))`
  ),
  phrase(
    'override',
    OVERRIDE,
    /ignorier/i,
    `ignorier(?:e|en sie|t)?${GAP}${FILLER}(?:vorherigen|bisherigen|obigen|vorigen|früheren|deine)${GAP}${FILLER}(?:anweisung(?:en)?|instruktionen|befehle|regeln|vorgaben)`
  ),
  phrase(
    'override',
    OVERRIDE,
    /ignor|olvida|oublie|dimentica|esque/i,
    `(?:ignora|ignore[zs]?|olvida|oublie[zs]?|ignorez|dimentica|esque[çc]a)${GAP}${FILLER}(?:instruc[ct]?i?[oõ]n?e?s|instructions|istruzioni|consignes|órdenes|reglas|regras)${GAP}(?:[\\p{L}]{1,12}${GAP}){0,1}(?:anterior(?:es)?|previas|pr[ée]c[ée]dentes?|precedenti|ci-dessus)`
  ),
  phrase(
    'exfiltration',
    EXFILTRATE,
    /prompt|instructions|message/i,
    `(?:reveal|print|show|repeat|output|display|disclose|leak|expose|tell me|give me|write out|dump|recite)${GAP}${FILLER}(?:system (?:prompt|message|instructions)|(?:initial|hidden|secret|original|developer|internal|confidential) (?:prompt|instructions|message)|your (?:prompt|instructions))`
  ),
  phrase(
    'exfiltration',
    EXFILTRATE,
    /above/i,
    `(?:repeat|print|output|reveal)${GAP}(?:[\\p{L}]{1,12}${GAP}){0,3}(?:words|text|everything)${GAP}above`
  ),
  phrase(
    'persona',
    PERSONA,
    /\bDAN\b|jailbroken|unrestricted|unfiltered|uncensored|evil/i,
    `(?:you are now|act as|pretend to be|roleplay as|behave as)${GAP}(?:[\\p{L}'’]{1,12}${GAP}){0,4}(?:DAN|jailbroken|unrestricted|unfiltered|uncensored|evil (?:ai|assistant|bot))`
  ),
  phrase(
    'persona',
    PERSONA,
    /anything now|developer mode|jailbreak mode/i,
    `(?:do anything now|developer mode (?:enabled|activated|on)|jailbreak mode)`
  ),
  phrase(
    'persona',
    PERSONA,
    /have no|have any|free of all|not bound/i,
    `(?:you|pretend you|act as if you)${GAP}(?:now )?(?:have no|do not have any|don't have any|are free of all|are not bound by any)${GAP}(?:[\\p{L}]{1,12}${GAP}){0,2}(?:restrictions|rules|guidelines|filters|limitations|constraints)`
  ),
  phrase(
    'concealment',
    'Tells the model to keep something from the person it talks to.',
    /user|human|operator/i,
    `(?:do not|don't|never)${GAP}(?:tell|inform|mention (?:this|it) to|alert|notify|reveal (?:this|it) to|let)${GAP}(?:the )?(?:user|human|operator)s?(?:${GAP}(?:about|that|know|of|this|anything)|[.!])`
  )
];

/** Marks by which chat templates and tool protocols are told apart from text. */
export const MARKUP: readonly InjectionPattern[] = [
  {
    kind: 'chat-template',
    message: 'A mark of a chat template inside the text: a model may take what follows for another turn.',
    hint: /[<[]/,
    pattern:
      /<\|(?:im_(?:start|end|sep)|begin_of_text|end_of_text|endoftext|eot_id|eom_id|start_header_id|end_header_id|system|user|assistant|end|startoftext|endofprompt|start_of_role|end_of_role|channel|message|return|fim_(?:prefix|middle|suffix))\|>|<\/?(?:start|end)_of_turn>|\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\]|<<\/?SYS>>|<｜(?:User|Assistant|begin▁of▁sentence|end▁of▁sentence)｜>/gu
  },
  {
    kind: 'tool-call',
    message: 'The markup of a tool call inside the text: a program that reads it may act on it.',
    hint: /[<[]/,
    pattern:
      /<\/?(?:tool_call|tool_use|tool_response|tool_result|function_call|function_calls|function_results|invoke|antml:invoke)(?:\s{1,4}[a-z]{1,20}="[^"<>]{0,200}")?>|<\|python_tag\|>|\[TOOL_(?:CALLS|RESULTS)\]|<｜tool▁calls?▁begin｜>/gu
  },
  {
    kind: 'role-marker',
    message: 'A line that begins as a turn of the system would.',
    hint: /system/i,
    pattern:
      /^[ \t]{0,8}(?:#{1,4} ?)?(?:\[?system(?: message| prompt| override)?\]?)[ \t]{0,4}:[ \t]{0,4}(?=you (?:are|must|will|should)|new |override|ignore|from now on)/gimu
  },
  {
    kind: 'hidden-markup',
    message: 'A comment of HTML that talks to a model.',
    hint: /<!--/,
    pattern:
      /<!--(?=[^<>]{0,400}\b(?:assistants?|AI|LLM|language model|ignore (?:all|any|the|previous)|system prompt)\b)[^<>]{1,2000}-->/gu
  }
];
