// Makes or uses a passkey for the one form of the page that asks for it, then sends the form.
// The form says which (data-passkey="create" or "get"); its options stand in #passkey-options as JSON.
// Everything a person reads stands in the page already, in elements with data-passkey-says="<reason>".
(() => {
  "use strict";
  const form = document.querySelector("form[data-passkey]");
  if (!form) return;
  const kind = form.dataset.passkey;
  const button = form.querySelector("[data-passkey-button]");
  const field = form.querySelector("input[name=passkey]");

  const says = (reason) => {
    for (const each of document.querySelectorAll("[data-passkey-says]")) {
      each.hidden = each.dataset.passkeySays !== reason;
      if (!each.hidden) each.focus();
    }
  };

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (char) => char.charCodeAt(0));
  };

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const read = () => {
    const options = JSON.parse(document.getElementById("passkey-options").textContent);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    const named = form.elements[form.dataset.passkeyName]; // the field that says what the device lists it under
    if (options.user && named && named.value) options.user.name = options.user.displayName = named.value;
    for (const list of [options.excludeCredentials, options.allowCredentials]) {
      for (const each of list || []) each.id = bytes(each.id);
    }
    return options;
  };

  const written = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    if (kind === "create") {
      response.attestationObject = text(credential.response.attestationObject);
      response.transports = credential.response.getTransports ? credential.response.getTransports() : [];
    } else {
      response.authenticatorData = text(credential.response.authenticatorData);
      response.signature = text(credential.response.signature);
      if (credential.response.userHandle) response.userHandle = text(credential.response.userHandle);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  };

  if (!window.PublicKeyCredential || !navigator.credentials) {
    says("no_passkeys"); // a browser inside a mail app, or a very old one
    return;
  }
  if (kind === "create" && PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable) {
    PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((available) => {
      if (!available) says("no_screen_lock"); // another phone or a security key still works, so the button stays
    });
  }
  button.disabled = false;

  form.addEventListener("submit", async (event) => {
    if (field.value) return; // the passkey answered; let the form go
    event.preventDefault();
    const pressed = event.submitter;
    button.disabled = true;
    says("");
    try {
      const credential = await navigator.credentials[kind]({ publicKey: read() });
      field.value = written(credential);
      button.disabled = false;
      form.requestSubmit(pressed && pressed.form === form ? pressed : undefined);
    } catch (error) {
      button.disabled = false;
      // NotAllowedError is also how a browser says that somebody took too long or turned the screen lock off.
      says({ NotAllowedError: "cancelled", InvalidStateError: "already_there", SecurityError: "wrong_address" }[
        error.name] || "failed");
    }
  });
})();
