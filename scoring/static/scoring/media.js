// Shows the preview itself in place of the blurred one, and back. The server records each time it is asked for.
for (const button of document.querySelectorAll("[data-reveal]")) {
    const picture = document.getElementById(button.dataset.reveal);
    const blurred = picture.src;
    button.addEventListener("click", () => {
        const hide = picture.src !== blurred;
        picture.src = hide ? blurred : picture.dataset.still;
        button.textContent = hide ? "Show" : "Blur";
    });
}
