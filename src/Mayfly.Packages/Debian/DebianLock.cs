namespace Mayfly.Packages.Debian;

/// <summary>Makes locks from requests, and tells whether a lock still fits them.</summary>
public static class DebianLock
{
    /// <summary>Resolves all sets and plans their stages.</summary>
    /// <param name="index">The packages.</param>
    /// <param name="sets">The sets; one named <c>base</c> adds its requests to the base, which is there in any case.</param>
    /// <param name="ids">The ids that an older lock gave: they stay.</param>
    /// <param name="kept">As for <see cref="DebianResolution.Resolve"/>.</param>
    /// <param name="preferences">What bears on every choice; its suites and architectures are in the index already.</param>
    /// <param name="before">A lock whose sets keep their order of installing, and their layers the dates, where nothing of them changes: what is new is
    /// installed after it, as apt-get would install it on the machine of that lock. Null plans all anew, and so does one of a former format, which pins neither.</param>
    /// <param name="older">As for <see cref="DebianResolution.Resolve"/>.</param>
    /// <exception cref="MayflyException">A name is held that nothing has.</exception>
    /// <exception cref="UnresolvableException">A set cannot be met; it says why.</exception>
    public static StackLock Create(
        DebianIndex index, IReadOnlyList<SetRequest> sets, IReadOnlyList<LockedId>? ids = null, IReadOnlyDictionary<string, BinaryPackage>? kept = null, DebianPreferences? preferences = null,
        StackLock? before = null, IReadOnlyDictionary<string, BinaryPackage>? older = null)
    {
        preferences = (preferences ?? DebianPreferences.None).Checked();
        before = before?.Format == StackLock.CurrentFormat ? before : null;
        index = index.With(preferences.Pins);
        // What the archive dropped may still be held where it is locked; what neither has is misspelt, and would hold nothing in silence.
        if (preferences.Holds.FirstOrDefault(name => index.Find(name).Count == 0 && kept?.ContainsKey(name) != true && older?.ContainsKey(name) != true) is { } unknown)
        {
            throw new MayflyException($"{unknown} is held, but there is no such package in {string.Join(", ", index.Releases.Select(static release => release.Id))}, nor in the lock",
                Spelling.Near(index.Names, unknown) is { Count: > 0 } near ? $"did you mean .Hold(\"{near[0]}\")?" : $"remove .Hold(\"{unknown}\")");
        }

        var back = older is null || preferences.Holds.Count == 0 ? null : KeptBack.Of(index, older, preferences.Holds);
        if (back is not null)
            kept = back.Packages.Concat(kept ?? new Dictionary<string, BinaryPackage>()).DistinctBy(static pair => pair.Key).ToDictionary(StringComparer.Ordinal);
        var choice = new SetChoice(index, preferences.Holds, older);
        var baseRequest = sets.FirstOrDefault(set => set.Name == SetRequest.Base) ?? new SetRequest(SetRequest.Base, []);
        var (installed, choices) = choice.Of(baseRequest, [.. sets.Where(set => set.Name != SetRequest.Base).OrderBy(set => set.Name, StringComparer.Ordinal)], kept);
        var packages = new Dictionary<string, BinaryPackage>(StringComparer.Ordinal);
        var locked = new List<LockedSet>();
        var additions = before is null ? null : new LockAdditions(before, installed.Packages);
        var stays = additions?.Base(baseRequest);
        Add(baseRequest, installed.Packages, stays?.Stages ?? installed.Stages(), [.. installed.Departures, .. Departures(baseRequest, installed.Packages)], stays is null ? [.. installed.Automatic.Select(static package => package.Id).Order(StringComparer.Ordinal)] : stays.Automatic);
        foreach (var (set, chosen) in choices)
        {
            IReadOnlyList<BinaryPackage> present = set.OverBase ? installed.Packages : [];
            IReadOnlyList<string> departures = [.. chosen.Departures, .. Departures(set, [.. present, .. chosen.Packages])];
            if (additions?.Plan(set, chosen.Packages, present) is { } added)
                Add(set, chosen.Packages, added.Stages, departures, inOneGo: added.InOneGo);
            else if (set.OverBase && installed.IsInOneGo(chosen.Packages))
                Add(set, chosen.Packages, InstallOrder.Plan([.. installed.Required, .. chosen.Packages], installed.Essential), departures, inOneGo: true);
            else
                Add(set, chosen.Packages, InstallOrder.Plan(chosen.Packages, present), departures);
        }

        var made = new StackLock
        {
            Architecture = index.Architecture,
            Preferences = preferences.Lines,
            Releases = index.Releases,
            Packages = [.. packages.Values.OrderBy(package => package.Id, StringComparer.Ordinal).Select(package => package.Lock())],
            Sets = locked,
            Ids = ids ?? [],
        };
        return before is null ? made : LayerDates.Keep(made, before, [.. sets.Where(static set => !set.OverBase).Select(static set => set.Name)]);

        // Where the same is asked for as before, a machine would have been upgraded.
        IEnumerable<string> Departures(SetRequest set, IReadOnlyList<BinaryPackage> chosen) =>
            back is null || before?.Sets.FirstOrDefault(other => other.Name == set.Name) is not { } there || there.Recommends != set.Recommends || !there.Requests.SequenceEqual(set.Sorted) ? []
            : back.Departures(chosen, older!.Values.Where(package => before.PackagesOf(there).Contains(package.Id)));

        void Add(SetRequest set, IReadOnlyList<BinaryPackage> chosen, IReadOnlyList<LockedStage> stages, IReadOnlyList<string> departures, IReadOnlyList<string>? automatic = null, bool inOneGo = false)
        {
            foreach (var package in chosen)
            {
                if (packages.TryGetValue(package.Id, out var other) && other != package)
                {
                    throw new MayflyException($"the set {set.Name} wants {package}, another set {other.Version} of it",
                        "a lock holds one version of a package: ask for the same in both");
                }

                packages[package.Id] = package;
            }

            locked.Add(new LockedSet { Name = set.Name, Requests = set.Sorted, Recommends = set.Recommends, Automatic = automatic, InOneGo = inOneGo, Departures = departures, Stages = stages });
        }
    }

    /// <summary>True when the lock holds every set as it is asked for now, so that nothing needs to be resolved. Further sets do no harm.</summary>
    public static bool Satisfies(StackLock stackLock, string architecture, IReadOnlyList<SetRequest> sets, DebianPreferences? preferences = null) =>
        stackLock.Format == StackLock.CurrentFormat
        && stackLock.Architecture == architecture
        && stackLock.Preferences.SequenceEqual((preferences ?? DebianPreferences.None).Lines)
        && sets.Append(new SetRequest(SetRequest.Base, [])).DistinctBy(set => set.Name).All(set => stackLock.Sets.Any(locked =>
            locked.Name == set.Name && locked.Recommends == set.Recommends && locked.Requests.SequenceEqual(set.Sorted)));

    /// <summary>
    /// True when what a lock holds may stay while it is made anew from this index: the same releases, and the same day of each where they are
    /// taken as of a day, because then nothing may come from another one.
    /// </summary>
    public static bool CanGrow(StackLock before, DebianIndex index) => before.Architecture == index.Architecture
        && before.Releases.All(release => index.Releases.Any(other => other.Id == release.Id && other.Codename == release.Codename && other.Snapshot == release.Snapshot));
}
