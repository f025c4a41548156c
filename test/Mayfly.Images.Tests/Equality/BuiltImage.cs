using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Tests.Equality;

/// <summary>An image of a set, mounted for one thread and writable, as an instance would find it.</summary>
internal sealed class BuiltImage : IDisposable
{
    private readonly PackageArchive _archive;
    private readonly PackageSet _set;
    private readonly Store _store;
    private readonly StackLock _stack;
    private readonly Image _image;
    private readonly string _work;
    private readonly NamespaceThread _thread = new(Namespaces.Mounts, "comparison");

    private BuiltImage(PackageArchive archive, PackageSet set, Store store, StackLock stack, Image image, string work) =>
        (_archive, _set, _store, _stack, _image, _work) = (archive, set, store, stack, image, work);

    private string Root => $"{_work}/root";

    /// <param name="archive">Where packages come from.</param>
    /// <param name="set">What it is made of.</param>
    /// <param name="stack">Its set is called <c>set</c>.</param>
    /// <param name="user">Builds side by side have stores of their own, so that each can give back what it no longer needs.</param>
    public static async Task<BuiltImage> MakeAsync(PackageArchive archive, PackageSet set, StackLock stack, string user)
    {
        var store = Store.Open($"{archive.Folder}/stores/{user}");
        var all = (await archive.ContentsAsync).Store;
        foreach (var package in stack.Packages.Where(package => !store.Has(StoreArea.Artifacts, package.Sha256)))
            Files.Link(all.PathOf(StoreArea.Artifacts, package.Sha256), store.PathOf(StoreArea.Artifacts, package.Sha256));
        var image = await new ImageBuilder(store).BuildAsync(stack, new ImageRecipe { Name = "set", PackageSet = "set" });
        var work = $"{archive.Folder}/work/{user}";
        ReferenceImage.Run("rm", "-rf", "--one-file-system", work);
        var built = new BuiltImage(archive, set, store, stack, image, work);
        built.Mount();
        return built;
    }

    public T Run<T>(Func<string, T> work) => _thread.Run(() => work(Root));

    /// <summary>dpkg and apt find the image in order, and one more package can be installed by apt.</summary>
    public void AssertWorks()
    {
        Assert.Equal("", In("dpkg", "--audit"));
        Assert.Equal("", In("dpkg", "--verify"));
        // Ubuntu's base has no apt.
        if (!_thread.Run(() => File.Exists($"{Root}/usr/bin/apt-get")))
            return;
        // The mirror holds packages and their indexes, no translations.
        string[] options = ["-o", "Dir::Etc::SourceList=/tmp/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "Acquire::Languages=none", "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"];
        _thread.Run(() => File.WriteAllLines($"{Root}/tmp/sources.list", _archive.SourcesFor(_set, "[trusted=yes] copy://")));
        In("apt-get", "check");
        In("apt-get", [.. options, "update"]);
        In("apt-get", [.. options, "install", "--yes", PackageSets.Later]);
        Assert.Contains("Hello, world!", In("hello"), StringComparison.Ordinal);
        Assert.Equal("", In("dpkg", "--audit"));
        Assert.Equal("", In("dpkg", "--verify"));
    }

    public void Dispose()
    {
        _thread.Dispose();
        var shared = _stack.Sets.First(static set => set.Name == "base").Stages.SelectMany(static stage => stage.Packages).ToHashSet();
        foreach (var package in _stack.Packages.Where(package => !shared.Contains(package.Id)))
            ReferenceImage.Run("rm", "-rf", _store.PathOf(StoreArea.Unpacked, package.Sha256));
        foreach (var layer in _image.Layers.Skip(1))
            ReferenceImage.Run("rm", "-rf", _store.PathOf(StoreArea.Layers, layer.Key));
        ReferenceImage.Run("rm", "-rf", "--one-file-system", _work);
    }

    private void Mount() => _thread.Run(() =>
    {
        foreach (var folder in (ReadOnlySpan<string>)["root", "upper", "overlay"])
            Directory.CreateDirectory($"{_work}/{folder}");
        var layers = new ImageStore(_store).LayerFolders(_image);
        for (var at = 0; at < layers.Count; at++)
            Nodes.MakeLink(layers[at], $"{_work}/{at}");
        Directory.SetCurrentDirectory(_work);
        var folders = layers.Count == 1 ? "0" : string.Join(':', Enumerable.Range(0, layers.Count).Reverse());
        Mounts.Mount("overlay", Root, "overlay", MountFlags.None, $"lowerdir={folders},upperdir=upper,workdir=overlay");
    });

    private string In(string program, params string[] arguments) => _thread.Run(() =>
    {
        foreach (var folder in (ReadOnlySpan<string>)["proc", "dev"])
        {
            if (!Directory.EnumerateFileSystemEntries($"{Root}/{folder}").Any())
                Mounts.Mount($"/{folder}", $"{Root}/{folder}", null, MountFlags.Bind | MountFlags.Recursive);
        }

        var inside = $"{Root}{_archive.Mirror}";
        if (!Directory.Exists(inside))
        {
            Mounts.Mount("tmpfs", $"{Root}/mnt", "tmpfs");
            Directory.CreateDirectory(inside);
            Mounts.Mount(_archive.Mirror, inside, null, MountFlags.Bind);
        }

        return Start("chroot", [Root, program, .. arguments]);
    });

    private static string Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}:\n{output}{errors.Result}");
        return output;
    }
}
