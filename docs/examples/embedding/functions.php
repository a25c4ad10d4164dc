<?php
// For the functions.php of a WordPress theme: the chat in the footer of each page.
add_action('wp_footer', function () {
    $chat = 'https://chat.example.org/';
    $user = wp_get_current_user();
    printf('<script type="module" src="%s"></script>', esc_url($chat . 'client/chat-widget.js'));
    // Without a session or a token people are guests, who begin under the name that the site shows of them.
    printf(
        '<chat-widget room="lobby" dock user="%s" nick="%s"></chat-widget>',
        esc_attr($user->user_login),
        esc_attr($user->display_name)
    );
});
