using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>One build: what it needs, its environment when somebody must run in it, and the wheel.</summary>
internal sealed class SourceBuild(
    Store store, SourceTree source, PythonProject project, string tree, string work, IBuildPlace place, Func<string>? renew, IReadOnlyList<(string Name, string Value)> settings,
    Func<IReadOnlyList<DependencySpecifier>, IReadOnlyList<ChosenDistribution>?, Task<(IReadOnlyList<ChosenDistribution> Chosen, IReadOnlyList<BuiltWheel> Wheels)>> bring, CancellationToken cancellationToken)
{
    private IReadOnlyList<ChosenDistribution> _chosen = [];
    private IReadOnlyList<BuiltWheel> _wheels = [];
    private BuildEnvironment? _ready;
    private string _tree = tree;

    /// <summary>A folder of its own, outside of the sources.</summary>
    public string Work => work;

    /// <summary>Of all that goes into it; null for a folder, which may change.</summary>
    public string? Key { get; private set; }

    /// <summary>All that building needs; known when it is prepared.</summary>
    public IReadOnlyList<DependencySpecifier> Wanted { get; private set; } = project.BuildRequires;

    /// <summary>Has all chosen that building needs: what the project says, then what its backend asks for besides. What was asked before is not asked again.</summary>
    public async Task PrepareAsync()
    {
        (_chosen, _wheels) = await bring(project.BuildRequires, source.Requires).ConfigureAwait(false);
        if (source.Requires is null)
        {
            var asked = source.Sha256 is null ? null : store.PathOf(StoreArea.Indexes, $"built-asked-{BuildKey.Of(source, place, _wheels, settings)}");
            var isKnown = asked is not null && File.Exists(asked);
            var further = isKnown ? File.ReadAllLines(asked!) : await AskAsync().ConfigureAwait(false);
            // Who has a lock does not ask: what asking left behind must not come into what is built.
            if (!isKnown && renew is not null)
                (_tree, _ready) = (renew(), null);
            if (asked is not null)
                WholeFile.Write(asked, file => file.Write(Encoding.UTF8.GetBytes(string.Concat(further.Select(static line => $"{line}\n")))));
            if (further.Length > 0)
            {
                Wanted = [.. project.BuildRequires, .. further.Select(DependencySpecifier.Parse)];
                (_chosen, _wheels) = await bring(Wanted, null).ConfigureAwait(false);
                _ready = null;
            }
        }

        Key = source.Sha256 is null ? null : BuildKey.Of(source, place, _wheels, settings);
    }

    /// <summary>The environment with all that was chosen; made when it is first needed.</summary>
    public BuildEnvironment Ready => _ready ??= Make();

    /// <summary>The wheel that the store has of these inputs, else a new one.</summary>
    public async Task<BuiltWheel> WheelAsync()
    {
        var kept = Key is null ? null : store.PathOf(StoreArea.Indexes, $"built-{Key}");
        if (kept is not null && File.Exists(kept) && File.ReadAllText(kept).Split('\n') is [var name, var digest, ..] && store.Has(StoreArea.Artifacts, digest))
            return new BuiltWheel(name, digest, DistributionFetch.Locked(_chosen, _wheels));
        var folder = Directory.CreateDirectory($"{work}/wheel").FullName;
        var answer = await Ready.CallAsync(source.IsEditable ? "build_editable" : "build_wheel", [folder], store, cancellationToken).ConfigureAwait(false)
            ?? throw new MayflyException($"{source.Name} cannot be built: {project.BuildBackend} has no {(source.IsEditable ? "build_editable (PEP 660), so that it cannot be installed where it is" : "build_wheel (PEP 517)")}",
                source.IsEditable ? "install it without -e, or ask its project for a newer backend" : "the project must mend it; take another version of it, or a wheel");
        var file = answer.ValueKind == JsonValueKind.String ? answer.GetString()! : "";
        if (WheelName.TryParse(file) is not { } built || file.Contains('/', StringComparison.Ordinal) || Nodes.Find($"{folder}/{file}") is not { Kind: NodeKind.File })
            throw SourceBuilder.Wrong(source, $"its build says that it made '{file}', which is no wheel");
        if (!built.Tags.Any(place.Interpreter.Target.Tags.Contains))
            throw SourceBuilder.Wrong(source, $"its build made {file}, which Python {place.Interpreter.Target.Version} cannot use");
        // A file of our own: whoever built may own what was built.
        var wheel = $"{work}/{file}";
        try
        {
            File.Copy($"{folder}/{file}", wheel);
        }
        catch (IOException e)
        {
            throw store.Refusal(file, e);
        }

        Files.ChangeMode(wheel, 0b110_100_100);
        using (var archive = FileHandles.OpenFile(wheel))
        {
            var metadata = WheelArchive.Read(archive, file).Metadata;
            SourceBuilder.RequireMeant(source, metadata);
            RequireSaid(metadata);
        }

        string sha256;
        await using (var bytes = File.OpenRead(wheel))
            sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, cancellationToken).ConfigureAwait(false));
        store.Commit(wheel, StoreArea.Artifacts, sha256);
        if (kept is not null)
            WholeFile.Write(kept, line => line.Write(Encoding.UTF8.GetBytes($"{file}\n{sha256}\n")));
        return new BuiltWheel(file, sha256, DistributionFetch.Locked(_chosen, _wheels));
    }

    /// <summary>What an archive says of itself and does not leave to the build must be true of the wheel (PEP 643): it was chosen by that.</summary>
    private void RequireSaid(CoreMetadata built)
    {
        if (source is not { Sha256: { } sha256, Subdirectory: null } || SourceArchive.Metadata(store.PathOf(StoreArea.Artifacts, sha256), source.ArchiveName) is not { } said)
            return;
        var (more, less) = (built.Requires.Except(said.Requires).ToArray(), said.Requires.Except(built.Requires).ToArray());
        if (more.Length + less.Length > 0)
            throw SourceBuilder.Wrong(source, $"its wheel {(more.Length > 0 ? $"needs {more[0]}, of which the sources say nothing" : $"does not need {less[0]}, which the sources say it does")}");
        if (built.RequiresPython.ToString() != said.RequiresPython.ToString())
            throw SourceBuilder.Wrong(source, $"its wheel is for Python {built.RequiresPython}, and the sources say {said.RequiresPython}");
    }

    private async Task<string[]> AskAsync()
    {
        var hook = source.IsEditable ? "get_requires_for_build_editable" : "get_requires_for_build_wheel";
        var answer = await Ready.CallAsync(hook, [], store, cancellationToken).ConfigureAwait(false);
        // What is there already need not be asked for again.
        return answer is not { ValueKind: JsonValueKind.Array } list ? []
            : [.. list.EnumerateArray().Select(static one => one.ToString()).Where(one => !project.BuildRequires.Contains(DependencySpecifier.Parse(one))).Distinct()];
    }

    private BuildEnvironment Make()
    {
        // By a name that is the same in every build: it may come into what is built.
        var made = $"{work}/environment";
        Trees.Remove(made);
        var root = place.PathOf(work, made);
        var unpacked = UnpackedWheel.All(store, [.. _wheels.Select(static wheel => (wheel.Name, wheel.Sha256))], null, cancellationToken);
        VirtualEnvironment.Write(made, root, place.Interpreter, [.. unpacked.Select(wheel => WheelPlan.Of(wheel, place.Interpreter, root, isRequested: false))]);
        return new BuildEnvironment(place, made, project, _tree, source.Name, work, settings);
    }
}
