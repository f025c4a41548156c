using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Images.Building;

/// <summary>Finds out which shared libraries the extension modules of wheels want that nothing has: a module would only tell when it is imported, perhaps by the first visitor.</summary>
internal static class NativeLibraries
{
    /// <summary>Where the dynamic linker looks, beside what its configuration names (ld.so(8)).</summary>
    private static readonly string[] Usual = ["usr/lib", "lib", "usr/lib64", "lib64", "usr/lib32", "usr/local/lib"];

    /// <exception cref="MissingLibrariesException">Something is missing.</exception>
    public static void Require(LockedEnvironment environment, IReadOnlyList<UnpackedWheel> wheels, IReadOnlyList<string> layers)
    {
        var objects = wheels.SelectMany(Objects).ToArray();
        if (objects.Length == 0)
            return;
        // Projects bring libraries of their own and load them by path, or find them by one: whatever the environment has under that name will do.
        var own = objects.SelectMany(static one => (string[])[Path.GetFileName(one.Path), one.Object.Name]).ToHashSet(StringComparer.Ordinal);
        var folders = Folders(layers).ToArray();
        var missing = objects.SelectMany(static one => one.Object.Needed.Select(library => (one.Wheel, Library: library)))
            .Where(need => !own.Contains(need.Library) && !folders.Any(folder => LayerTree.Find(layers, $"{folder}/{need.Library}") is not null))
            .GroupBy(static need => need.Library, static need => $"{need.Wheel.Name.Project} {need.Wheel.Name.Version}").ToArray();
        if (missing.Length > 0)
            throw new MissingLibrariesException(environment.Set, missing.ToDictionary(static one => one.Key, static one => one.First(), StringComparer.Ordinal));
    }

    private static IEnumerable<(UnpackedWheel Wheel, SharedObject Object, string Path)> Objects(UnpackedWheel wheel)
    {
        using var reader = wheel.Open();
        foreach (var file in wheel.Files)
        {
            if (reader.BeginsWith(file, SharedObject.Magic) && SharedObject.Read(reader.Read(file)) is { } found)
                yield return (wheel, found, file.Path);
        }
    }

    private static IEnumerable<string> Folders(IReadOnlyList<string> layers)
    {
        var configured = new HashSet<string>(StringComparer.Ordinal);
        foreach (var layer in layers.Where(static layer => Directory.Exists($"{layer}/etc/ld.so.conf.d")))
        {
            foreach (var path in Directory.GetFiles($"{layer}/etc/ld.so.conf.d", "*.conf").Where(static path => Nodes.Find(path) is { Kind: NodeKind.File }))
                configured.UnionWith(File.ReadLines(path).Select(static line => line.Split('#')[0].Trim().Trim('/')).Where(static line => line.Length > 0));
        }

        // Debian's are one folder since /usr was merged, and a configuration may name either.
        return Usual.Concat(configured.SelectMany(static folder => (string[])[folder, folder.StartsWith("usr/", StringComparison.Ordinal) ? folder : $"usr/{folder}"])).Distinct();
    }
}
