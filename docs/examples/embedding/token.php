<?php
// A site on other machines than the chat: it signs a token about its user. The chat has the public key as
// keys/shop.pem, and in chat.ini SITE=shop, JWT_KEYS=keys, JWT_COOKIE=chat_token (docs/accounts.md).
//
//     openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out shop-private.pem
//     openssl pkey -in shop-private.pem -pubout -out shop.pem

/** Base64 as in addresses, without padding. */
function part(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function token(string $account, string $name, string $private_key): string
{
    $now = time();
    $claims = ['aud' => 'shop', 'sub' => $account, 'name' => $name, 'scope' => ['user'], 'iat' => $now, 'exp' => $now + 3600];
    $signed = part(json_encode(['alg' => 'RS256', 'typ' => 'JWT', 'kid' => 'shop'])) . '.' . part(json_encode($claims));
    openssl_sign($signed, $signature, $private_key, OPENSSL_ALGO_SHA256);
    return $signed . '.' . part($signature);
}

// Here your site knows who it is.
$account = 'carol';
setcookie('chat_token', token($account, 'Carol', file_get_contents(getenv('CHAT_PRIVATE_KEY'))), [
    'expires' => time() + 3600,
    'path' => '/',
    // 'domain' => 'example.org' where the site is www.example.org and the chat chat.example.org.
    'secure' => ($_SERVER['HTTPS'] ?? '') !== '',
    'httponly' => true,
    'samesite' => 'Lax',
]);
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Our shop</title>
<main><h1>Our shop</h1></main>
<script type="module" src="https://chat.example.org/client/chat-widget.js"></script>
<chat-widget room="lobby" dock user="<?= htmlspecialchars($account, ENT_QUOTES) ?>"></chat-widget>
</html>
