// What people on the stage do in their studio pages.

/** What a studio page knows. */
export const studioState = (page) => page.evaluate(() => document.querySelector('stentor-studio').state);

/** A person as this page sees them, by name. */
export const personOf = async (page, name) => (await studioState(page)).stage?.people.find((person) => person.name === name);

export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** Chooses an item, by the beginning of its name, from the menu of a person. */
export async function direct(page, name, deed) {
  await press(page, `What to do with ${name}`);
  await page.getByRole('menuitem', { name: deed }).click();
}
