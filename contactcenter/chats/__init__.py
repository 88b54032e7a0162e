"""Chats in messengers, from the customer's first line to the text in the activity history.

`conversation` carries messages between customer and agent, `sending` brings answers to the messenger in order, `files`
keeps pictures (`picture_types` tells what they are, `file_views` hands them out), `view` shows a chat; `mood` and
`suggestions` add what sentiment engines and bots make of it."""
