using System.Globalization;
using Mayfly.Environments;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Pip;

/// <summary>What pip tells while it installs.</summary>
internal sealed class PipStory
{
    private readonly RequirementsFile _wanted;
    private readonly EnvironmentPlan _plan;
    private readonly IReadOnlyList<PipDistribution> _before;
    private readonly VirtualEnvironment _environment;

    /// <summary>What is known of files that come, by project: their bytes, and whether they were there before; nothing as long as nothing was fetched.</summary>
    public IReadOnlyDictionary<ProjectName, (long Bytes, bool WasThere)> Files { get; init; } = new Dictionary<ProjectName, (long, bool)>();

    public PipStory(RequirementsFile wanted, EnvironmentPlan plan, IReadOnlyList<PipDistribution> before, VirtualEnvironment environment) => (_wanted, _plan, _before, _environment) = (wanted, plan, before, environment);

    private IEnumerable<(RequirementsEntry Entry, DependencySpecifier Specifier)> Asked => _wanted.Entries.Where(static entry => !entry.IsConstraint).Select(static entry => (entry, DependencySpecifier.Parse(entry.Text)));

    /// <summary>A path as pip shows it.</summary>
    public static string Shown(string path) => path.StartsWith($"{Directory.GetCurrentDirectory()}/", StringComparison.Ordinal) ? $".{path[Directory.GetCurrentDirectory().Length..]}" : path;

    /// <summary>Where a requirement was read; nothing for one that was typed.</summary>
    public static string Place(RequirementsEntry entry) => Origin(entry) is { } origin ? $" (from {origin})" : "";

    /// <summary>A line for each that is needed: it is there, or it comes.</summary>
    /// <param name="upgrade">True when what is there is named although a newer one comes.</param>
    /// <param name="alone">True when what is asked for comes without what it needs.</param>
    public IEnumerable<string> Choices(bool upgrade, bool alone)
    {
        List<ChosenDistribution> coming = [];
        foreach (var (line, _, chosen) in Needed(upgrade, alone))
        {
            yield return line;
            if (chosen is not null)
                coming.Add(chosen);
        }

        foreach (var line in Wheels(coming))
            yield return line;
    }

    /// <summary>A line for each of these that pip fetches only when all are chosen, because it has read their metadata beside them (PEP 658).</summary>
    public IEnumerable<string> Wheels(IEnumerable<ChosenDistribution> chosen) => chosen.Where(HasMetadataBeside).Select(Fetched);

    /// <summary>The same lines, each with the name that it is asked for by and what comes.</summary>
    /// <param name="upgrade">True when what is there is named although a newer one comes.</param>
    /// <param name="alone">True when what is asked for comes without what it needs.</param>
    public IEnumerable<(string Line, string Name, ChosenDistribution? Chosen)> Needed(bool upgrade, bool alone)
    {
        var markers = _environment.Interpreter.Target.Markers;
        var pending = new Queue<(string Text, string? From)>(Asked.Where(one => one.Specifier.Holds(markers)).Select(static one => (one.Entry.Text, Origin(one.Entry))));
        var roots = pending.Count;
        var seen = new HashSet<ProjectName>();
        for (var number = 0; pending.TryDequeue(out var next); number++)
        {
            var specifier = DependencySpecifier.Parse(next.Text);
            var (name, text) = (PipDistribution.NameOf(next.Text), PipDistribution.TextOf(next.Text));
            var comes = _plan.Install.FirstOrDefault(one => one.Chosen.Project == specifier.Name);
            var there = _before.FirstOrDefault(one => one.Installed.Project == specifier.Name);
            if (!seen.Add(specifier.Name))
                continue;
            if (specifier.Address is not null && (comes?.Chosen ?? _plan.Kept.FirstOrDefault(one => one.Project == specifier.Name)) is { Direct: { } direct } asked)
            {
                foreach (var line in Direct(asked, direct, next.From))
                    yield return (line, name, comes?.Chosen);
                if (comes is null)
                    continue;
                name = text = $"{(direct.IsWheel ? direct.FileName.Split('-')[0] : name)}=={asked.Version}";
                (comes, there) = (comes with { Chosen = comes.Chosen with { File = null } }, null);
            }

            if (there is not null && (comes is null || (upgrade && number < roots && specifier.Versions.Allows(there.Installed.Version, preReleases: true))))
                yield return ($"Requirement already satisfied: {text} in {Shown(_environment.PackagesFolder)}{(next.From is { } from ? $" (from {from})" : "")} ({there.Version})", name, null);
            if (comes?.Chosen.File is { } file)
                yield return (file.Address.IsFile ? $"Processing {Shown(file.Address.LocalPath)}" : $"Collecting {text}{Brought(comes.Chosen, text)}", name, comes.Chosen);
            if (alone)
                continue;
            var needs = comes is not null ? comes.Chosen.Requires.Select(static need => need.AsWritten()) : there?.Needs ?? [];
            foreach (var need in needs.Where(need => Counts(DependencySpecifier.Parse(need), specifier)))
                pending.Enqueue((need, next.From is { } parents ? $"{text}->{parents}" : text));
        }

        bool Counts(DependencySpecifier need, DependencySpecifier of) => need.Marker is not { } marker || marker.Holds(markers) || of.Extras.Any(extra => marker.Holds(markers with { Extra = extra.Text }));
    }

    /// <summary>Those that were asked for, and not here: their markers do not hold.</summary>
    public IEnumerable<string> Ignored()
    {
        var markers = _environment.Interpreter.Target.Markers;
        return Asked.Select(static one => one.Specifier).Where(one => !one.Holds(markers)).Select(static one => $"Ignoring {one.WrittenName}: markers '{one.Marker}' don't match your environment");
    }

    /// <summary>The lines of a file that comes from an index: its own, or those of its metadata.</summary>
    private string Brought(ChosenDistribution one, string text)
    {
        if (!HasMetadataBeside(one))
            return $"\n  {Fetched(one)}";
        var metadata = $"{Login.Without(one.File!.Address)}.metadata";
        return $"\n  Obtaining dependency information for {text} from {metadata}\n  {Way(one)} {metadata}{(one.MetadataLength > 0 ? $" ({Size(one.MetadataLength)})" : "")}";
    }

    /// <summary>The line of a file that was fetched, or that is to be.</summary>
    private string Fetched(ChosenDistribution one)
    {
        var known = Files.GetValueOrDefault(one.Project).Bytes;
        return $"{Way(one)} {Login.Without(one.File!.Address)}{((known > 0 ? known : one.File.Size) is { } bytes ? $" ({Size(bytes)})" : "")}";
    }

    /// <summary>pip keeps nothing that came without TLS.</summary>
    private string Way(ChosenDistribution one) => Files.GetValueOrDefault(one.Project).WasThere && one.File!.Address.Scheme == Uri.UriSchemeHttps ? "Using cached" : "Downloading";

    /// <summary>pip reads them alone where it may install without digests, which are of the wheel.</summary>
    private bool HasMetadataBeside(ChosenDistribution one) => one is { IsSource: false, Direct: null, File: { HasMetadata: true, Address.IsFile: false } } && !_wanted.RequiresHashes && _wanted.Entries.All(static entry => entry.Hashes.Count == 0);

    /// <summary>What an address or a path leads to.</summary>
    private IEnumerable<string> Direct(ChosenDistribution one, DirectReference direct, string? from)
    {
        var name = direct.IsWheel ? direct.FileName.Split('-')[0] : one.Project.Text;
        yield return direct.IsEditable ? $"Obtaining {Login.Shown(direct.Url)}{(from is null ? "" : $" (from {from})")}" : direct.Path is { } path ? $"Processing {Shown(path.TrimEnd('/'))}{(from is null ? "" : $" (from {from})")}"
            : $"Collecting {name}=={one.Version}{(from is null ? "" : $" (from {from})")}\n  Downloading {Login.Shown(direct.Url)} ({Size(one.File!.Size ?? 0)})";
        if (_plan.Kept.Contains(one) && direct.Path is not null)
            yield return $"{name} is already installed with the same version as the provided wheel. Use --force-reinstall to force an installation of the wheel.";
    }

    /// <summary>As pip shows it, in powers of a thousand.</summary>
    private static string Size(long bytes) => bytes > 1_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB") : bytes > 10_000 ? $"{bytes / 1000} kB" : bytes > 1000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB") : $"{bytes} bytes";

    /// <summary>What was done; needed ones first, as pip installs them.</summary>
    /// <param name="after">What is there now.</param>
    public IEnumerable<string> Changes(IReadOnlyList<PipDistribution> after)
    {
        // By the names with which they are asked for.
        var names = new Dictionary<ProjectName, string>(after.Where(one => _plan.Install.Any(other => other.Chosen.Project == one.Installed.Project && other.Chosen.Direct is not null)).Select(static one => KeyValuePair.Create(one.Installed.Project, one.Name)));
        foreach (var name in Asked.Select(static one => one.Entry.Text).Concat(after.SelectMany(static one => one.Needs)).Select(PipDistribution.NameOf))
            names.TryAdd(ProjectName.Parse(name), name);
        var coming = _plan.Install.ToDictionary(static one => one.Chosen.Project);
        var sequence = Sequence(coming);
        string[] order = [.. sequence.Select(NameOf)];
        yield return $"Installing collected packages: {string.Join(", ", order)}";
        foreach (var project in sequence)
        {
            if (_before.FirstOrDefault(one => one.Installed.Project == project) is { } old)
                yield return $"  Attempting uninstall: {NameOf(project)}\n    Found existing installation: {old.Name} {old.Version}\n    Uninstalling {old.Name}-{old.Version}:\n      Successfully uninstalled {old.Name}-{old.Version}";
        }

        yield return $"Successfully installed {string.Join(' ', coming.Values.Select(one => $"{NameOf(one.Chosen.Project)}-{one.Chosen.Version}").Order(StringComparer.Ordinal))}";

        string NameOf(ProjectName project) => names.GetValueOrDefault(project, project.Text);
    }

    /// <summary>
    /// The order in which pip installs: what needs nothing first, then what needs only that, and so on, of equals the last by name first; what is left goes round in circles, and of that the deepest comes first. What is there
    /// already counts too.
    /// </summary>
    private IReadOnlyList<ProjectName> Sequence(IReadOnlyDictionary<ProjectName, PlannedInstall> coming)
    {
        var markers = _environment.Interpreter.Target.Markers;
        var needs = new Dictionary<ProjectName, HashSet<ProjectName>>();
        ProjectName[] asked = [.. Asked.Select(static one => one.Specifier.Name)];
        var pending = new Queue<ProjectName>(asked.Concat(coming.Keys));
        while (pending.TryDequeue(out var project))
        {
            if (needs.ContainsKey(project))
                continue;
            // What only an extra needs is the extra's, which is nothing that is installed.
            var all = coming.TryGetValue(project, out var one) ? one.Chosen.Requires : _before.FirstOrDefault(there => there.Installed.Project == project)?.Installed.Metadata.Requires ?? [];
            needs.Add(project, [.. all.Where(need => need.Holds(markers)).Select(static need => need.Name)]);
            foreach (var need in needs[project])
                pending.Enqueue(need);
        }

        foreach (var all in needs.Values)
            all.IntersectWith(needs.Keys);
        var weights = new Dictionary<ProjectName, int>();
        while (needs.Where(static one => one.Value.Count == 0).Select(static one => one.Key).ToArray() is { Length: > 0 } leaves)
        {
            foreach (var leaf in leaves)
                weights[leaf] = needs.Count;
            foreach (var leaf in leaves)
                needs.Remove(leaf);
            foreach (var all in needs.Values)
                all.ExceptWith(leaves);
        }

        foreach (var project in asked)
            Visit(project, 1, []);
        return [.. coming.Keys.OrderByDescending(weights.GetValueOrDefault).ThenByDescending(static project => project.Text, StringComparer.Ordinal)];

        void Visit(ProjectName project, int depth, HashSet<ProjectName> above)
        {
            if (!needs.TryGetValue(project, out var all) || weights.GetValueOrDefault(project) >= depth || !above.Add(project))
                return;
            weights[project] = depth;
            foreach (var need in all)
                Visit(need, depth + 1, above);
            above.Remove(project);
        }
    }

    private static string? Origin(RequirementsEntry entry) => entry.File.Length == 0 ? null : $"-r {entry.File} (line {entry.Line})";
}
