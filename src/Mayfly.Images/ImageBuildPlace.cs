using System.Security.Cryptography;
using System.Text;
using Mayfly.Environments;
using Mayfly.Images.Building;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Images;

/// <summary>
/// Where wheels for an image are built: in the packages that it will have, with its own interpreter, without a network, as a user who may do nothing and owns nothing but the build's folders,
/// which are all that is seen of this host. So an extension is linked against the image's libraries, by the image's compiler if it has one, and every host builds the same.
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

    private static readonly string[] Without = ["/usr/bin/setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"];

    private readonly SemaphoreSlim _turn = new(1);
    private IReadOnlyList<string>? _layers;

    public Interpreter Interpreter { get; } = ImageInterpreter.Of(ImagePython.Of(stack, recipe.PackageSet!));

    public string Where => $"in the image of {recipe.PackageSet}";

    /// <summary>Its packages, with the base below; what accounts they make bears on no wheel.</summary>
    public string Inputs { get; } = Packages(stack, recipe.PackageSet!);

    public string PathOf(string work, string path) => path.StartsWith($"{work}/", StringComparison.Ordinal) ? $"{Work}{path[work.Length..]}" : throw new ArgumentException($"{path} is not in {work}", nameof(path));

    public string Installing(params ReadOnlySpan<string> packages) => $"add .Install(\"{string.Join("\", \"", packages)}\") to {recipe.PackageSet}";

    public async Task<(int Code, string Said)> RunAsync(string work, string environment, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, CancellationToken cancellationToken)
    {
        using var held = store.LockShared();
        var layers = await LayersAsync(cancellationToken).ConfigureAwait(false);
        var there = PathOf(work, environment);
        var told = new Dictionary<string, string>(ScriptEnvironment.ForPackages);
        foreach (var (name, value) in variables)
            told[name] = value;
        told["HOME"] = "/tmp";
        told["VIRTUAL_ENV"] = there;
        told["PATH"] = $"{there}/bin:{told["PATH"]}";
        var said = new StringBuilder();
        return await Task.Run(() =>
        {
            Files.ChangeMode(work, 0b111_101_101);
            foreach (var entry in Directory.EnumerateFileSystemEntries(work))
                Give(entry);
            using var room = store.BeginWork("build-root");
            using var root = new BuildRoot(room.Path) { Ids = stack.Ids };
            root.Mount(layers);
            root.Show(work, Work);
            var result = root.Start([.. Without, $"{there}/bin/python", .. arguments], told, Hear, cancellationToken, PathOf(work, folder));
            return (result.ExitCode, said.ToString());
        }, cancellationToken).ConfigureAwait(false);

        void Hear(string line)
        {
            const int Most = 16 << 20;
            lock (said)
            {
                if (said.Length < Most)
                    said.Append(line).Append('\n');
            }
        }
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
            if (_layers is { } made)
                return made;
            BuildRequirements.Check();
            await bring(cancellationToken).ConfigureAwait(false);
            return _layers = await new ImageBuilder(store).BuildPackagesAsync(stack, recipe, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static string Packages(StackLock stack, string set)
    {
        var ids = stack.Sets.Where(one => one.Name == set || one.Name == SetRequest.Base).SelectMany(static one => one.Stages).SelectMany(static stage => stage.Packages).ToHashSet(StringComparer.Ordinal);
        var lines = stack.Packages.Where(package => ids.Contains(package.Id)).Select(static package => $"{package.Id} {package.Version} {package.Sha256}\n").Order(StringComparer.Ordinal);
        return $"image {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))))}\n";
    }
}
