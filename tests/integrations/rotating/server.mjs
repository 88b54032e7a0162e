// A strict OAuth server: access tokens live ACCESS_SECONDS, refresh tokens rotate, and using an old one ends the grant.
// GET /_stats tells how many tokens were given and how many requests were refused.
import http from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.env.PORT);
const accessSeconds = Number(process.env.ACCESS_SECONDS);
const issuer = `http://127.0.0.1:${port}`;
const stats = { granted: 0, refused: [] };

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'hub',
    client_secret: 'canary-client-secret',
    redirect_uris: [process.env.REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  features: { devInteractions: { enabled: true }, clientCredentials: { enabled: true }, revocation: { enabled: true } },
  scopes: ['openid', 'offline_access'],
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: accessSeconds, ClientCredentials: accessSeconds, RefreshToken: 3600, Session: 3600, Grant: 3600,
    Interaction: 600, IdToken: 3600, AuthorizationCode: 60 },
  cookies: { keys: ['test'] },
});
provider.on('grant.success', () => { stats.granted += 1; });
provider.on('grant.error', (context, error) => { stats.refused.push(error.error); });

const answer = provider.callback();
http.createServer((request, response) => {
  if (request.url !== '/_stats') return answer(request, response);
  response.setHeader('Content-Type', 'application/json');
  return response.end(JSON.stringify(stats));
}).listen(port, '127.0.0.1', () => console.log('ready'));
