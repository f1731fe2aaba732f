/** A secret that its issuer writes so that it can be recognised. */
export interface SecretPattern {
  kind: string;
  /** For people: `An access key of AWS`. */
  name: string;
  /** Text that every match holds, looked for first: most texts hold none of them. Case counts. */
  hint: string;
  /** Bounded in every part. The group `secret`, where there is one, is what is secret; else all of it. */
  pattern: RegExp;
  mask: string;
}

/** Not inside a longer word of the same letters. */
const BEFORE = '(?<![A-Za-z0-9_-])';
const AFTER = '(?![A-Za-z0-9_-])';

function token(kind: string, name: string, hint: string, body: string): SecretPattern {
  return { kind, name, hint, pattern: new RegExp(BEFORE + body + AFTER, 'gd'), mask: '[secret]' };
}

/** What issuers document of the form of their keys, or what their own scanners look for. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
  token('aws-key', 'An access key of AWS', 'A', '(?:AKIA|ASIA)[A-Z2-7]{16}'),
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  token('github-token', 'A token of GitHub', 'gh', 'gh[pousr]_[A-Za-z0-9]{36,255}'),
  token('github-token', 'A token of GitHub', 'github_pat_', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('gitlab-token', 'A token of GitLab', 'glpat-', 'glpat-[A-Za-z0-9_-]{20,64}'),
  // https://docs.slack.dev/authentication/tokens
  token('slack-token', 'A token of Slack', 'xox', 'xox[abeoprs]-(?=[A-Za-z-]{0,40}\\d)[A-Za-z0-9-]{10,250}'),
  token(
    'slack-webhook',
    'A webhook of Slack',
    'hooks.slack.com',
    'https://hooks\\.slack\\.com/(?:services|workflows)/T[A-Z0-9]{6,12}/[AB][A-Z0-9]{6,12}/[A-Za-z0-9/]{16,64}'
  ),
  // https://cloud.google.com/docs/authentication/api-keys
  token('google-key', 'An API key of Google', 'AIza', 'AIza[A-Za-z0-9_-]{35}'),
  token('google-key', 'A client secret of Google', 'GOCSPX-', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  token('openai-key', 'An API key of OpenAI', 'sk-', 'sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,250}'),
  token('openai-key', 'An API key of OpenAI', 'sk-', 'sk-(?=[A-Za-z]{0,47}\\d)[A-Za-z0-9]{32,64}'),
  token(
    'anthropic-key',
    'An API key of Anthropic',
    'sk-ant-',
    'sk-ant-[a-z]{3,8}\\d{2}-[A-Za-z0-9_-]{60,120}'
  ),
  token('huggingface-token', 'A token of Hugging Face', 'hf_', 'hf_[A-Za-z0-9]{34,40}'),
  token('stripe-key', 'A key of Stripe', 'k_', '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,120}'),
  token('npm-token', 'A token of npm', 'npm_', 'npm_[A-Za-z0-9]{36}'),
  token('sendgrid-key', 'A key of SendGrid', 'SG.', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  // https://core.telegram.org/bots/features#botfather
  token('telegram-token', 'A token of a Telegram bot', ':AA', '\\d{8,10}:AA[A-Za-z0-9_-]{33}'),
  // RFC 7519: header and claims are JSON objects, so both begin with {" in base64url.
  token(
    'jwt',
    'A JSON Web Token',
    'eyJ',
    'eyJ[A-Za-z0-9_-]{8,2000}\\.eyJ[A-Za-z0-9_-]{8,4000}\\.[A-Za-z0-9_-]{16,1000}'
  ),
  {
    kind: 'url-password',
    name: 'A password in an address',
    hint: '://',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@'"<>]{0,64}:(?<secret>[^\s/:@'"<>]{3,100})@[a-z0-9[]/dgi,
    mask: '[secret]'
  }
];
