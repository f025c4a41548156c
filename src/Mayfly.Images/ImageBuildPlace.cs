using Mayfly.Environments;
using Mayfly.Images.Building;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Images;

/// <summary>
/// Where wheels for an image are built: in the packages that it will have, with its own interpreter, without a network, as a user who may do nothing and owns nothing but the build's folders,
/// which are all that is seen of this host. So an extension is linked against the image's libraries, by the image's compiler if it has one.
/// </summary>
/// <remarks>What it keeps: nothing. Its layers are those of the image, made before they are needed; what a build writes outside of its folder goes with the build.</remarks>
/// <param name="store">Has the layers.</param>
/// <param name="stack">The lock, with the set's packages.</param>
/// <param name="recipe">The image's.</param>
/// <param name="bring">Brings the lock's packages into the store.</param>
/// <param name="progress">Told of layers.</param>
public sealed class ImageBuildPlace(Store store, StackLock stack, ImageRecipe recipe, Func<CancellationToken, Task> bring, IProgress<Activity>? progress) : IBuildPlace
{
    /// <summary>Where the folder of work is seen.</summary>
    private const string Work = "/build";

    /// <summary>Debian's number of nobody (policy 9.2.2); the code that runs is whatever a project has written.</summary>
    private const int Nobody = 65534;

    /// <summary>Also without a terminal: what is typed into the one that Mayfly was started from would be root's.</summary>
    private static readonly string[] AsNobody = ["/usr/bin/setsid", "--wait", "/usr/bin/setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"];

    private readonly SemaphoreSlim _turn = new(1);
    private bool _brought;

    public Interpreter Interpreter { get; } = ImageInterpreter.Of(ImagePython.Of(stack, recipe.PackageSet!));

    public string Where => $"in the image of {recipe.PackageSet}";

    /// <summary>Its packages, with the base below, and files that were there before them; what accounts they make bears on no wheel.</summary>
    public string Inputs { get; } = $"image {BuildPackages.DigestOf(stack, recipe.PackageSet!)}\n{string.Concat(recipe.Before.SelectMany(HostFile.List).Select(static file => $"{file.Fingerprint}\n"))}";

    public string PathOf(string work, string path) => path.StartsWith($"{work}/", StringComparison.Ordinal) ? $"{Work}{path[work.Length..]}" : throw new MayflyException($"{path} is a folder of this host, and nothing of it is seen {Where}", "have it on an index, or in a folder of archives (--find-links)");

    public string Installing(params ReadOnlySpan<string> packages) => $"add .Install(\"{string.Join("\", \"", packages)}\") to {recipe.PackageSet}";

    public async Task<(int Code, string Said)> RunAsync(string work, string environment, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, CancellationToken cancellationToken)
    {
        using var held = store.LockShared(progress, cancellationToken);
        var layers = await LayersAsync(cancellationToken).ConfigureAwait(false);
        var there = PathOf(work, environment);
        var told = new Dictionary<string, string>(ScriptEnvironment.ForPackages);
        foreach (var (name, value) in variables)
            told[name] = value;
        told["HOME"] = "/tmp";
        told["VIRTUAL_ENV"] = there;
        told["PATH"] = $"{there}/bin:{told["PATH"]}";
        var said = new HeardText();
        return await Task.Run(() =>
        {
            Files.ChangeMode(work, 0b111_101_101);
            foreach (var entry in Directory.EnumerateFileSystemEntries(work))
                Give(entry);
            using var room = store.BeginWork("build-root");
            using var root = new BuildRoot(room.Path) { Ids = stack.Ids };
            root.Mount(layers);
            root.Show(work, Work);
            var result = root.Start([.. AsNobody, $"{there}/bin/python", .. arguments], told, said.Add, cancellationToken, PathOf(work, folder));
            return (result.ExitCode, said.ToString());
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives what is not given yet; the folder of work itself stays whose it is, so that nobody can put a link where something is written next.</summary>
    private static void Give(string path)
    {
        if (Nodes.Find(path) is not { } node || node.User == Nobody)
            return;
        if (node.Kind == NodeKind.Directory)
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(path))
                Give(entry);
        }

        Files.ChangeOwner(path, Nobody, Nobody);
    }

    private async Task<IReadOnlyList<string>> LayersAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!Environment.IsPrivilegedProcess)
                throw new MayflyException($"sources are to be built {Where}, which needs root as images do", $"run the command as root (sudo), or take versions of {recipe.PackageSet}'s Python packages that have wheels");
            BuildRequirements.Check();
            if (!_brought)
                await bring(cancellationToken).ConfigureAwait(false);
            _brought = true;
            return await new ImageBuilder(store).BuildPackagesAsync(stack, recipe, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
