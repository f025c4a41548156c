using Mayfly.Linux;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Locking;

/// <summary>
/// What a requirements file of a stack names by a path: folders of projects and files beside <c>stack.cs</c>; and repositories of git. A folder is packed (<see cref="FolderArchive"/>), and from then on is an archive like any
/// other; a lock has the path from its own folder, and the digest. With other contents it is chosen anew. So are the files of a repository's commit, which a lock names; which commit it is, only an update asks again.
/// </summary>
/// <param name="store">Gets archives of folders.</param>
/// <param name="folder">The stack's, from which paths in its lock are meant.</param>
public sealed class OwnDistributions(Store store, string folder)
{
    private readonly Dictionary<string, string> _from = [];
    private readonly HashSet<string> _folders = [];
    private readonly Dictionary<string, RepositoryFiles> _repositories = [];
    private readonly Dictionary<(string From, string? Commit), string> _archives = [];

    /// <summary>The same file with archives in the place of folders and repositories.</summary>
    /// <param name="file">As it was read.</param>
    /// <param name="locked">What a lock has of a repository: where it is from, and what is locked of that already; null for nothing.</param>
    /// <param name="target">The interpreter: what does not count for it is not asked for.</param>
    /// <param name="work">Gets the archives; they are needed there until everything is chosen.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">A folder cannot be packed, or a repository not be had.</exception>
    public async Task<RequirementsFile> PackedAsync(RequirementsFile file, Func<DirectReference, (string From, LockedSource? Before)> locked, PythonTarget target, string work, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var entries = new List<RequirementsEntry>();
        foreach (var entry in file.Entries)
        {
            var place = $"{work}/{entries.Count}";
            if (DirectNames.RequirementOf(entry) is not { Reference.IsRepository: true } direct)
                entries.Add(Packed(entry, place));
            // Where digests are asked for, nobody can say one of a repository, which is told later.
            else if (file.RequiresHashes || file.Entries.Any(static one => one.Hashes.Count > 0) || direct.Marker?.Holds(target.Markers) == false)
                entries.Add(entry);
            else
                entries.Add(await ToldAsync(entry, PackedAsync(entry, direct, locked(direct.Reference), place, new GitSources(store, progress, cancellationToken))).ConfigureAwait(false));
        }

        return file with { Entries = entries };

        static async Task<RequirementsEntry> ToldAsync(RequirementsEntry entry, Task<RequirementsEntry> packed)
        {
            try
            {
                return await packed.ConfigureAwait(false);
            }
            catch (MayflyException e)
            {
                throw new MayflyException(entry.Told(e.Message), e.Hint, e);
            }
        }
    }

    /// <summary>Where something of these is, as the lock has it; null for what a packed file does not name.</summary>
    public string? FromOf(DirectReference reference) => _from.GetValueOrDefault(reference.Text);

    /// <summary>Whether it was a folder.</summary>
    public bool IsFolder(DirectReference reference) => _folders.Contains(reference.Text);

    /// <summary>The repository that it was; null for anything else.</summary>
    public RepositoryFiles? RepositoryOf(DirectReference? reference) => reference?.Path is { } path ? _repositories.GetValueOrDefault(path) : null;

    /// <summary>Folders that were packed are somebody's own work, which may be built.</summary>
    public BuildPermission Permission => new() { Addresses = _folders };

    /// <summary>For a lock whose folders this file names.</summary>
    public BuildPermission PermissionOf(RequirementsFile file, IEnumerable<LockedWheel> wheels)
    {
        var named = file.Entries.Select(DirectNames.ReferenceOf).OfType<DirectReference>().Where(static one => one.IsFolder).Select(FromOfPath).ToHashSet(StringComparer.Ordinal);
        return BuildPermission.Of(wheels.Where(wheel => wheel.Index == LockedWheel.FromFolder && named.Contains(wheel.From!)).Select(static wheel => wheel.ReadName().Project));
    }

    /// <summary>Whether a wheel of a lock is, or is built of, what lies there now; true for all that are of elsewhere.</summary>
    public bool IsAsLocked(LockedWheel wheel)
    {
        if (!wheel.IsOwn)
            return true;
        if (!IsThere(wheel))
            return false;
        using var hashing = new HashingStream();
        Write(wheel, hashing);
        return hashing.Finish() == wheel.Fetched.Sha256;
    }

    /// <summary>Brings what lies there, and the files of repositories, as the lock has it.</summary>
    /// <param name="wheels">Those that are needed; what is of elsewhere among them is none of its business.</param>
    /// <param name="addresses">Where repositories are to be had, with passwords, by what the lock has of them.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">It is gone, or something else by now.</exception>
    public async Task BringAsync(IEnumerable<LockedWheel> wheels, IReadOnlyDictionary<string, Uri>? addresses, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        foreach (var wheel in wheels)
        {
            if (wheel.IsOwn)
                Bring(wheel);
            else if (wheel.Index == LockedWheel.FromRepository && !store.Has(StoreArea.Artifacts, wheel.Fetched.Sha256))
                await BringAsync(wheel, addresses?.GetValueOrDefault(wheel.From!), new GitSources(store, progress, cancellationToken)).ConfigureAwait(false);
        }
    }

    private void Bring(LockedWheel wheel)
    {
        if (!IsThere(wheel))
            throw new MayflyException($"there is no {wheel.From}, from which {LockFile.Name} has {wheel.ReadName().Project}", $"paths are meant from {folder}");
        using var work = store.BeginWork("own");
        var file = $"{work.Path}/file";
        if (Keep(file, to => Write(wheel, to)) != wheel.Fetched.Sha256)
            throw new MayflyException($"{wheel.From} is not what {LockFile.Name} has of {wheel.ReadName().Project}", "`mayfly lock` takes it as it is now");
        store.Commit(file, StoreArea.Artifacts, wheel.Fetched.Sha256);
    }

    private static async Task BringAsync(LockedWheel wheel, Uri? address, GitSources git)
    {
        var (reference, source) = (DirectReference.Read(wheel.From!), wheel.Source!);
        var files = await git.ExportAsync(reference with { Url = address?.OriginalString ?? reference.Url, Commit = source.Commit }, source.Tag, Path.GetFileNameWithoutExtension(source.File)).ConfigureAwait(false);
        if (files.Sha256 != source.Sha256)
            throw new MayflyException($"the files of {wheel.From}, commit {source.Commit}, are others than those that {LockFile.Name} has of {wheel.ReadName().Project}", "a filter of this host's git (LFS, say) may be missing or another one: compare `git config --list` on both hosts");
    }

    private async Task<RequirementsEntry> PackedAsync(RequirementsEntry entry, DirectRequirement direct, (string From, LockedSource? Before) locked, string work, GitSources git)
    {
        var (reference, before) = (direct.Reference, locked.Before);
        if (reference.Address.IsFile)
            throw new MayflyException($"{reference.Name} is a repository of this host, and a lock is for all", "name the address that others have it by, or the folder of its clone");
        // What stands in several lines is one thing.
        if (!_archives.TryGetValue((locked.From, before?.Commit), out var archive))
        {
            // Called by what a lock has of it, where a variable's value has no place.
            var name = DirectReference.Read(locked.From).FileName is var file && file.Contains('$', StringComparison.Ordinal) ? "repository" : Path.GetFileNameWithoutExtension(file);
            var files = before is null ? await git.ExportAsync(reference, null, name).ConfigureAwait(false)
                : store.Has(StoreArea.Artifacts, before.Sha256) ? new RepositoryFiles(before.Commit!, before.Tag, before.Sha256) : await git.ExportAsync(reference with { Commit = before.Commit }, before.Tag, name).ConfigureAwait(false);
            archive = $"{Directory.CreateDirectory(work).FullName}/{name}.tar";
            File.Copy(store.PathOf(StoreArea.Artifacts, files.Sha256), archive);
            _archives.Add((locked.From, before?.Commit), archive);
            _repositories.Add(archive, files);
        }

        var packed = direct with { Reference = DirectReference.Read(reference.Subdirectory is { Length: > 0 } inside ? $"{DirectReference.OfPath(archive)}#subdirectory={inside}" : DirectReference.OfPath(archive)) };
        _from.TryAdd(packed.Reference.Text, locked.From);
        return entry with { Text = packed.ToString() };
    }

    private RequirementsEntry Packed(RequirementsEntry entry, string work)
    {
        if (DirectNames.RequirementOf(entry) is not { Reference: { Path: { } path } reference } direct)
            return entry;
        if (!reference.IsFolder)
        {
            _from.TryAdd(reference.Text, FromOfPath(reference));
            return entry;
        }

        if (FromOfPath(reference).Any(char.IsControl))
            throw new MayflyException(entry.Told($"the folder {path} has a sign in its name that no lock can have"), "give it another name");
        if (!PythonProject.IsIn($"{path}/{reference.Subdirectory}"))
            throw new MayflyException(entry.Told($"{FromOfPath(reference)} has neither pyproject.toml nor setup.py"), "name the folder of a Python project");
        var name = NameOf(path);
        var archive = $"{Directory.CreateDirectory(work).FullName}/{name}.tar";
        var sha256 = Keep(archive, to => FolderArchive.Write(path.TrimEnd('/'), name, to));
        File.Copy(archive, $"{work}/kept");
        Files.ChangeMode($"{work}/kept", 0b110_000_000);
        store.Commit($"{work}/kept", StoreArea.Artifacts, sha256);

        var packed = direct with { Name = direct.Name ?? DirectNames.FolderName(reference), Reference = DirectReference.Read(reference.Subdirectory is { Length: > 0 } inside ? $"{DirectReference.OfPath(archive)}#subdirectory={inside}" : DirectReference.OfPath(archive)) };
        _from.TryAdd(packed.Reference.Text, FromOfPath(reference));
        _folders.Add(packed.Reference.Text);
        return entry with { Text = packed.ToString(), IsEditable = false };
    }

    /// <summary>Whoever may not read the folder shall not read its archive.</summary>
    private string Keep(string path, Action<Stream> write)
    {
        try
        {
            return PrivateFile.Write(path, write);
        }
        catch (IOException e) when (HostRefusal.IsFull(e))
        {
            throw store.Refusal(Path.GetFileName(path), e);
        }
    }

    private string PathOf(LockedWheel wheel) => Path.GetFullPath(wheel.From!, folder);

    private bool IsThere(LockedWheel wheel) => wheel.Index == LockedWheel.FromFolder ? Directory.Exists(PathOf(wheel)) : File.Exists(PathOf(wheel));

    private void Write(LockedWheel wheel, Stream to)
    {
        if (wheel.Index == LockedWheel.FromFolder)
        {
            FolderArchive.Write(PathOf(wheel).TrimEnd('/'), NameOf(PathOf(wheel)), to);
            return;
        }

        try
        {
            using var file = File.OpenRead(PathOf(wheel));
            file.CopyTo(to);
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && !HostRefusal.IsFull(e)))
        {
            throw new MayflyException($"{wheel.From}, from which {LockFile.Name} has {wheel.ReadName().Project}, cannot be read: {e.Message}", $"paths are meant from {folder}", e);
        }
    }

    /// <summary>Wherever the stack lies, it is called the same: for the stack's own folder a name that is not its clone's.</summary>
    private string NameOf(string path) => Path.GetRelativePath(folder, path.TrimEnd('/')) is not "." and var from && Path.GetFileName(from) is not ".." and { Length: > 0 } name ? name : "project";

    /// <summary>As a lock has it, which says nothing of where the stack lies: from its folder, with a point before it.</summary>
    private string FromOfPath(DirectReference reference) => Path.GetRelativePath(folder, reference.Path!.TrimEnd('/')) switch
    {
        "." => ".",
        var from when from.StartsWith("../", StringComparison.Ordinal) || from == ".." => from,
        var from => $"./{from}",
    };
}
