<?php
// A site with a log-in of its own. The chat reads the same PHP session: who is logged in here is logged in there, under
// the name in $_SESSION['username'].
session_set_cookie_params(['httponly' => true, 'samesite' => 'Lax', 'secure' => ($_SERVER['HTTPS'] ?? '') !== '']);
session_start();

if (isset($_POST['name'])) {
    // Here your site compares the password.
    session_regenerate_id(true);
    $_SESSION['username'] = $_POST['name'];
    session_write_close();
    header('Location: ' . strtok($_SERVER['REQUEST_URI'], '?'), true, 303);
    exit;
}
$user = htmlspecialchars($_SESSION['username'] ?? '', ENT_QUOTES);
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Our shop</title>
<main>
<h1>Our shop</h1>
<?php if ($user === ''): ?>
<form method="post"><label>Name <input name="name" required></label> <button>Log in</button></form>
<?php else: ?>
<p>Hello, <?= $user ?>.</p>
<?php endif ?>
</main>
<script type="module" src="https://chat.example.org/client/chat-widget.js"></script>
<chat-widget room="lobby" dock user="<?= $user ?>"></chat-widget>
</html>
