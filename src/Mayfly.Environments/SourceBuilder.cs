using System.Text.Json;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Environments;

/// <summary>Builds wheels of sources by PEP 517 and 518, each in an environment of its own with nothing in it but what the project says that it needs.</summary>
/// <remarks>
/// What it keeps: a wheel that was built, among the store's artifacts as one that was fetched; which one it is, and what a build asked for, in <c>indexes/</c> below the hash of all that goes into it
/// (<see cref="BuildKey"/>). How it changes: never, for other inputs have another hash. A folder may change under its name, and nothing of it is kept.
/// </remarks>
/// <param name="store">Keeps wheels.</param>
/// <param name="place">Where builds run; what is built is for its interpreter.</param>
/// <param name="sources">Where that comes from which building needs.</param>
/// <param name="progress">Told what is being built.</param>
/// <param name="settings">How patient it is with indexes; null for the usual.</param>
public sealed class SourceBuilder(Store store, IBuildPlace place, PythonSources sources, IProgress<Activity>? progress = null, TransferSettings? settings = null) : ISourceBuilder
{
    private const string Hint = "the project must mend it; take another version of it, or a wheel";

    private readonly PythonSources _sources = sources.ForBuilding;

    /// <summary>One that builds on this host.</summary>
    public SourceBuilder(Store store, Interpreter interpreter, PythonSources sources, IProgress<Activity>? progress = null, TransferSettings? settings = null)
        : this(store, new HostBuildPlace(interpreter), sources, progress, settings)
    {
    }

    /// <summary>Digests of the wheels that were built on this host, as far as it is known of what.</summary>
    public static IReadOnlySet<string> Built(Store store) =>
        Directory.EnumerateFiles(store.Folder(StoreArea.Indexes), "built-*").Where(static path => Path.GetFileName(path).Length == "built-".Length + 64)
            .Select(static path => File.ReadAllText(path).Split('\n')).Where(static lines => lines.Length > 1).Select(static lines => lines[1]).ToHashSet(StringComparer.Ordinal);

    /// <summary>What folders said in this command.</summary>
    private readonly Dictionary<(string Folder, string? Subdirectory, bool IsEditable), CoreMetadata> _said = [];

    /// <summary>The same with other places to take from, which knows what this one was told.</summary>
    internal SourceBuilder With(PythonSources other)
    {
        var builder = new SourceBuilder(store, place, other, progress, settings) { Outer = Outer };
        foreach (var (source, metadata) in _said)
            builder._said.Add(source, metadata);
        return builder;
    }

    /// <summary>What is being built while this is asked for, the outermost first: what needs itself cannot be built.</summary>
    private IReadOnlyList<string> Outer { get; init; } = [];

    public async Task<CoreMetadata> MetadataAsync(SourceTree source, CancellationToken cancellationToken)
    {
        if (source.Folder is { } known && _said.TryGetValue((known, source.Subdirectory, source.IsEditable), out var said))
            return said;
        var metadata = await WorkAsync(source, async build =>
        {
            var hook = source.IsEditable ? "prepare_metadata_for_build_editable" : "prepare_metadata_for_build_wheel";
            var kept = build.Key is { } key ? store.PathOf(StoreArea.Indexes, $"built-metadata-{key}") : null;
            if (kept is not null && File.Exists(kept))
                return CoreMetadata.Read(File.ReadAllBytes(kept), source.Name);
            var folder = Directory.CreateDirectory($"{build.Work}/metadata").FullName;
            if (await build.Ready.CallAsync(hook, [folder], store, cancellationToken).ConfigureAwait(false) is not { ValueKind: JsonValueKind.String } answer)
            {
                var wheel = await build.WheelAsync().ConfigureAwait(false);
                using var file = FileHandles.OpenFile(store.PathOf(StoreArea.Artifacts, wheel.Sha256));
                return WheelArchive.Read(file, wheel.Name).Metadata;
            }

            var told = $"{folder}/{Path.GetFileName(answer.GetString())}";
            // A link would be followed as whoever runs Mayfly.
            var bytes = Nodes.Find(told) is { Kind: NodeKind.Directory } && Nodes.Find($"{told}/METADATA") is { Kind: NodeKind.File } && new FileInfo($"{told}/METADATA").Length <= CoreMetadata.Largest ? File.ReadAllBytes($"{told}/METADATA") : throw Wrong(source, "its build says that there are metadata, and there are none");
            var read = CoreMetadata.Read(bytes, source.Name);
            if (kept is not null)
                WholeFile.Write(kept, file => file.Write(bytes));
            return read;
        }, cancellationToken).ConfigureAwait(false);
        RequireMeant(source, metadata);
        if (source.Folder is { } asked)
        {
            lock (_said)
                _said[(asked, source.Subdirectory, source.IsEditable)] = metadata;
        }

        return metadata;
    }

    public Task<IReadOnlyList<DependencySpecifier>> RequirementsAsync(SourceTree source, CancellationToken cancellationToken) => WorkAsync(source, static build => Task.FromResult(build.Wanted), cancellationToken);

    public Task<BuiltWheel> BuildAsync(SourceTree source, CancellationToken cancellationToken) => WorkAsync(source, static build => build.WheelAsync(), cancellationToken);

    private async Task<T> WorkAsync<T>(SourceTree source, Func<SourceBuild, Task<T>> work, CancellationToken cancellationToken)
    {
        if (Outer.Contains(source.Name))
            throw new MayflyException($"{source.Name} cannot be built, since building it needs itself: {string.Join(" needs ", [.. Outer.SkipWhile(one => one != source.Name), source.Name])}", "take a version of one of them that has a wheel");
        progress?.Report(new Activity($"build {source.Name}"));
        using var folder = store.BeginWork("build");
        // Seen by nobody but through the place where it is built.
        Files.ChangeMode(folder.Path, 0b111_000_000);
        var room = Directory.CreateDirectory($"{folder.Path}/build").FullName;
        var tree = source.Folder ?? Unpack();
        if (source.Subdirectory is { Length: > 0 } inside)
            tree = Directory.Exists($"{tree}/{inside}") ? $"{tree}/{inside}" : throw new MayflyException($"{source.Name} has no folder {inside}", "look how it is spelled in the address");
        if (!PythonProject.IsIn(tree))
            throw new MayflyException($"{source.Name} cannot be built: it has neither pyproject.toml nor setup.py", source.Folder is null ? Hint : "name the folder of a Python project");
        // Without the file setuptools is meant, as it always was.
        var project = PythonProject.Read(File.Exists($"{tree}/pyproject.toml") ? File.ReadAllText($"{tree}/pyproject.toml") : "", $"pyproject.toml of {source.Name}");
        var build = new SourceBuild(store, source, project, tree, room, place, source.Folder is null ? () => $"{Unpack()}{(source.Subdirectory is { Length: > 0 } below ? $"/{below}" : "")}" : null, sources.Settings, (wanted, locked) => BringAsync(source, wanted, locked, cancellationToken), cancellationToken);
        await build.PrepareAsync().ConfigureAwait(false);
        var result = await work(build).ConfigureAwait(false);
        progress?.Report(new Activity($"build {source.Name}") { Ended = true });
        return result;

        string Unpack()
        {
            Trees.Remove($"{room}/sources");
            return SourceArchive.Unpack(store.PathOf(StoreArea.Artifacts, source.Sha256!), source.ArchiveName, Directory.CreateDirectory($"{room}/sources").FullName);
        }
    }

    /// <summary>What building needs, chosen as everything else is, and its wheels.</summary>
    private async Task<(IReadOnlyList<ChosenDistribution> Chosen, IReadOnlyList<BuiltWheel> Wheels)> BringAsync(SourceTree source, IReadOnlyList<DependencySpecifier> wanted, IReadOnlyList<ChosenDistribution>? locked, CancellationToken cancellationToken)
    {
        var inner = new SourceBuilder(store, place, _sources, progress, settings) { Outer = [.. Outer, source.Name] };
        try
        {
            var chosen = locked ?? await PythonResolution.ResolveAsync(store, wanted, place.Interpreter.Target, _sources, null, settings, cancellationToken, inner).ConfigureAwait(false);
            return (chosen, await DistributionFetch.WheelsAsync(store, chosen, _sources, inner, progress, settings, cancellationToken).ConfigureAwait(false));
        }
        catch (UnresolvableException e)
        {
            throw new MayflyException($"what {source.Name} needs to be built cannot be had: {e.Message}", e.Hint, e);
        }
    }

    internal static void RequireMeant(SourceTree source, CoreMetadata metadata)
    {
        if (source.Meant is { } meant && (metadata.Name, metadata.Version) != meant)
            throw Wrong(source, $"it turns out to be {metadata.Name} {metadata.Version}");
    }

    internal static MayflyException Wrong(SourceTree source, string what) => new($"{source.Name} cannot be used: {what}", Hint);
}
