using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Asks indexes for pages and metadata, many at once, each of them once in a command.</summary>
/// <remarks>
/// What it keeps, in the store's <c>indexes/</c>: each page (<see cref="KeptPage"/>), below the hash of its address, with what the server calls its state; and metadata below their own
/// SHA-256, where an index says it, so that no index can say anything of another one's files. How it changes: a page is asked for anew in every command, with that state, and replaced by a rename when the index
/// sends another. Why not trust it for some minutes, as others do: who has just published something wants it now, and a page that is the same costs one short answer.
/// </remarks>
internal sealed class IndexClient(Store store, Transport transport, PythonSources sources, ISourceBuilder? builder, IProgress<Activity>? progress, CancellationToken cancellationToken) : IAsyncDisposable
{
    private const string Activity = "read Python indexes";

    /// <summary>More than the largest page of the public index, by far.</summary>
    private const int LargestPage = 128 << 20;

    private const long LargestWheel = 8L << 30;

    private readonly ConcurrentDictionary<ProjectName, Lazy<Task<ProjectPage>>> _pages = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<CoreMetadata>>> _metadata = new();
    private readonly ConcurrentDictionary<Uri, Lazy<Task<IReadOnlyList<IndexFile>>>> _links = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<IndexFile>>> _direct = new();
    private readonly SemaphoreSlim _turns = new(transport.Settings.Parallel * 2);
    private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private int _asked;

    public Task<ProjectPage> PageAsync(ProjectName project) => _pages.GetOrAdd(project, name => new(() => BegunAsync(name.Text, () => ReadPageAsync(name)))).Value;

    /// <summary>What an address leads to: an archive is brought into the store, whole and compared with all that was said of its digest; a folder is where it is.</summary>
    public Task<IndexFile> DirectAsync(ProjectName? project, string address) => _direct.GetOrAdd(address, one => new(() => BegunAsync(one, () => ReadDirectAsync(project, one)))).Value;

    public Task<CoreMetadata> MetadataAsync(IndexFile file) => _metadata.GetOrAdd(file.Direct?.Text ?? file.Address.AbsoluteUri, _ => new(() => BegunAsync(file.Name, () => ReadMetadataAsync(file)))).Value;

    /// <summary>Where a file of this digest may be had, in every place that is named; without a network, in those of this machine.</summary>
    public async Task<IReadOnlyList<Uri>> PlacesOfAsync(ProjectName project, string name, string sha256)
    {
        List<Uri> places = [];
        MayflyException? failure = null;
        foreach (var place in sources.Links.Where(Allowed))
            places.AddRange((await LinksAsync(place).ConfigureAwait(false)).Where(Same).Select(static file => file.Address));
        foreach (var index in sources.Bound.GetValueOrDefault(project) is { } bound ? [bound, .. sources.Indexes] : sources.Indexes)
        {
            try
            {
                if (Allowed(index) && await PageAsync(new Uri(index, $"{project}/")).ConfigureAwait(false) is { } page)
                    places.AddRange(page.Files.Where(Same).Select(static file => file.Address));
            }
            catch (MayflyException e)
            {
                // One that is ill does not matter where another one has it.
                failure ??= e;
            }
        }

        return places.Count > 0 || failure is null ? [.. places.Distinct()] : throw failure;

        bool Allowed(Uri place) => !transport.Settings.Offline || NoNetwork.Allows(place);

        // An index that says no digest may have it all the same.
        bool Same(IndexFile file) => file.Hashes.GetValueOrDefault("sha256") is { } said ? said == sha256 : file.Name == name;
    }

    /// <summary>What was asked for ahead and is needed no more ends here.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        foreach (var task in _pages.Values.Select(static page => (Task)page.Value).Concat(_metadata.Values.Select(static one => one.Value)).Concat(_links.Values.Select(static one => one.Value)).Concat(_direct.Values.Select(static one => one.Value)))
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _turns.Dispose();
        _ended.Dispose();
    }

    /// <summary>Whatever is asked, its answer goes into the store, which may be full.</summary>
    private async Task<T> BegunAsync<T>(string what, Func<Task<T>> ask)
    {
        try
        {
            return await Task.Run(ask, _ended.Token).ConfigureAwait(false);
        }
        catch (IOException e) when (HostRefusal.IsFull(e))
        {
            throw store.Refusal($"what is known of {what}", e);
        }
    }

    private async Task<ProjectPage> ReadPageAsync(ProjectName project)
    {
        foreach (var place in sources.LinksOf(project))
        {
            if ((await LinksAsync(place).ConfigureAwait(false)).Where(file => (WheelName.TryParse(file.Name)?.Project ?? SourceName.TryParse(file.Name)?.Project) == project).ToArray() is { Length: > 0 } files)
                return new ProjectPage(place, files);
        }

        foreach (var index in sources.IndexesOf(project))
        {
            if (await PageAsync(new Uri(index, $"{project}/")).ConfigureAwait(false) is { } page)
                return new ProjectPage(index, page.Files);
        }

        return new ProjectPage(null, []);
    }

    private Task<IReadOnlyList<IndexFile>> LinksAsync(Uri place) => _links.GetOrAdd(place, one => new(() => BegunAsync(one.AbsoluteUri, () => ReadLinksAsync(one)))).Value;

    /// <summary>What a folder holds, or a page links to.</summary>
    private async Task<IReadOnlyList<IndexFile>> ReadLinksAsync(Uri place)
    {
        if (place.IsFile && Directory.Exists(place.LocalPath))
        {
            List<IndexFile> files = [];
            foreach (var path in Directory.EnumerateFiles(place.LocalPath).Where(static path => WheelName.TryParse(Path.GetFileName(path)) is not null || SourceName.TryParse(Path.GetFileName(path)) is not null).Order(StringComparer.Ordinal))
            {
                await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                files.Add(new IndexFile { Name = Path.GetFileName(path), Address = new Uri(path), Size = file.Length, Hashes = new Dictionary<string, string> { ["sha256"] = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, _ended.Token).ConfigureAwait(false)) } });
            }

            return files;
        }

        return (await PageAsync(place).ConfigureAwait(false))?.Files ?? throw new MayflyException($"{place} is not there, and files are looked for in it", "name a folder or a page that is there, or leave it out");
    }

    /// <summary>Null when the index does not know the project.</summary>
    private async Task<IndexPage?> PageAsync(Uri address)
    {
        var path = store.PathOf(StoreArea.Indexes, $"python-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.AbsoluteUri)))}");
        var known = KeptPage.Read(path);
        var place = address.IsFile && address.AbsolutePath.EndsWith('/') ? new Uri(address, "index.html") : address;
        var sent = await AskAsync(place, known?.Validators, IndexPage.Accept, async transfer =>
        {
            if (transfer.Unchanged)
                return known!;
            var body = await BodyAsync(transfer, LargestPage).ConfigureAwait(false);
            var page = KeptPage.Of(transfer.Address ?? place, place.IsFile ? "text/html" : transfer.ContentType ?? "", transfer.Validators, body);
            page.Write(store, path);
            return page;
        }).ConfigureAwait(false);
        progress?.Report(new Activity(Activity, address.Segments[^1].TrimEnd('/')) { Done = Interlocked.Increment(ref _asked) });
        if (sent is null)
            return null;
        var page = IndexPage.Read(sent.Body, sent.ContentType, sent.Address);
        // A page of a server has nothing to say of this host's own files.
        return place.IsFile ? page : page with { Files = [.. page.Files.Where(static file => !file.Address.IsFile)] };
    }

    private async Task<CoreMetadata> ReadMetadataAsync(IndexFile file)
    {
        if (file.Direct is { IsWheel: false } direct)
            return await FromDirectAsync(file, direct).ConfigureAwait(false);
        if (SourceName.TryParse(file.Name) is { } source)
            return await FromSourcesAsync(file, source).ConfigureAwait(false);
        var bytes = Kept(file) ?? await AloneAsync(file).ConfigureAwait(false) ?? await FromPartsAsync(file).ConfigureAwait(false);
        var metadata = bytes is null ? await FromWheelAsync(file).ConfigureAwait(false) : Usable(() => CoreMetadata.Read(bytes, file.Name));
        if (file.Direct is not null && WheelName.TryParse(file.Name) is { } meant && (metadata.Name != meant.Project || metadata.Version != meant.Version))
            throw new MayflyException($"{Login.Without(file.Address)} is {metadata.Name} {metadata.Version} by its metadata{(file.Direct.Hash is null ? "" : " or by the digest in its address")}, and not what its name says", "look where the address comes from");
        return WheelName.TryParse(file.Name) is { } name && (metadata.Name != name.Project || metadata.Version != name.Version)
            ? throw new UnusableFileException(new MayflyException($"the metadata of {file.Name} are those of {metadata.Name} {metadata.Version}", "the project must mend it; take another version of it"))
            : metadata;
    }

    /// <summary>Null when they are not there, or not whole any more.</summary>
    private byte[]? Kept(IndexFile file)
    {
        if (file.MetadataHashes.GetValueOrDefault("sha256") is not { } sha256 || store.PathOf(StoreArea.Indexes, $"metadata-{sha256}") is not { } path || !File.Exists(path))
            return null;
        var bytes = File.ReadAllBytes(path);
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == sha256 ? bytes : null;
    }

    private static T Usable<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (MayflyException e)
        {
            throw new UnusableFileException(e);
        }
    }

    /// <summary>The metadata that lie beside the file (PEP 658); null when there are none.</summary>
    private async Task<byte[]?> AloneAsync(IndexFile file)
    {
        if (!file.HasMetadata)
            return null;
        var address = new Uri($"{file.Address.AbsoluteUri}.metadata");
        var bytes = await AskAsync(address, null, null, transfer => BodyAsync(transfer, CoreMetadata.Largest)).ConfigureAwait(false);
        if (bytes is null || file.MetadataHashes.GetValueOrDefault("sha256") is not { } meant)
            return bytes;
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) is var found && found != meant)
            throw new MayflyException($"{address} has the SHA-256 {found}, and the index says {meant}", "somebody on the way may have changed it, or the index is damaged: try again later, or name another index");
        Keep(store.PathOf(StoreArea.Indexes, $"metadata-{meant}"), bytes);
        return bytes;
    }

    /// <summary>Those in the wheel, of which only parts are fetched, unless it is there; null where it must be fetched whole.</summary>
    private async Task<byte[]?> FromPartsAsync(IndexFile file)
    {
        if (file.Hashes.GetValueOrDefault("sha256") is { } sha256 && store.Has(StoreArea.Artifacts, sha256))
            return null;
        await _turns.WaitAsync(_ended.Token).ConfigureAwait(false);
        try
        {
            using var work = store.BeginWork("parts");
            return await RemoteWheel.MetadataAsync(transport, file, Path.Combine(work.Path, "parts"), _ended.Token).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<CoreMetadata> FromWheelAsync(IndexFile file)
    {
        // One that is apart already was compared with its digest and its record then.
        if (file.Hashes.GetValueOrDefault("sha256") is { } known && UnpackedWheel.MetadataOf(store, known) is { } apart)
            return Usable(() => CoreMetadata.Read(apart, file.Name));
        var sha256 = await BringAsync(file).ConfigureAwait(false);
        using var archive = FileHandles.OpenFile(store.PathOf(StoreArea.Artifacts, sha256));
        return Usable(() => WheelArchive.Read(archive, file.Name).Metadata);
    }

    /// <summary>As they are there, if they stay so; else the build is asked.</summary>
    private async Task<CoreMetadata> FromSourcesAsync(IndexFile file, SourceName source)
    {
        if (!sources.Builds.Allows(source.Project))
            throw new MayflyException($"{file.Name} is sources, from which nothing is built without permission", sources.Builds.Hint(source.Project));
        var sha256 = await BringAsync(file).ConfigureAwait(false);
        if (Usable(() => SourceArchive.Metadata(store.PathOf(StoreArea.Artifacts, sha256), file.Name)) is { } known)
            return known;
        return builder is null ? throw new MayflyException($"{file.Name} does not say what it needs without being built, and nothing is built here", "take a version that has a wheel")
            : await builder.MetadataAsync(new SourceTree { Name = file.Name, Sha256 = sha256, Meant = (source.Project, source.Version) }, _ended.Token).ConfigureAwait(false);
    }

    private async Task<CoreMetadata> FromDirectAsync(IndexFile file, DirectReference direct)
    {
        // Of an archive, what it says itself does; a folder is somebody's work, and says what its build says.
        if (direct is { HasDigest: true, Subdirectory: null } && SourceArchive.Metadata(store.PathOf(StoreArea.Artifacts, file.Hashes["sha256"]), file.Name) is { } known)
            return known;
        // Whose project it is may be known by the build alone; then the permission for everybody's is what counts.
        if (!sources.Builds.Allows(direct.Project, direct))
            throw new MayflyException($"{direct.Name} is sources, from which nothing is built without permission", sources.Builds.Hint(direct.Project));
        return builder is null ? throw new MayflyException($"{direct.Name} does not say what it needs without being built, and nothing is built here", "name a wheel")
            : await builder.MetadataAsync(SourceTree.Of(file), _ended.Token).ConfigureAwait(false);
    }

    private async Task<IndexFile> ReadDirectAsync(ProjectName? project, string address)
    {
        var reference = DirectReference.Read(address, sources.Editable.Contains(address));
        var file = new IndexFile { Name = reference.FileName, Address = reference.Address, Direct = reference with { Project = project ?? reference.Project } };
        if (reference.IsFolder)
        {
            sources.RequireDigest(project, file);
            return file;
        }

        if (reference.IsRepository)
        {
            sources.RequireDigest(project, file);
            var (commit, archive) = await new GitSources(store, progress, _ended.Token).BringAsync(reference).ConfigureAwait(false);
            return file with { Direct = file.Direct with { Commit = commit }, Hashes = new Dictionary<string, string> { ["sha256"] = archive }, Size = new FileInfo(store.PathOf(StoreArea.Artifacts, archive)).Length };
        }

        if (reference.IsWheel && (WheelName.TryParse(reference.FileName) ?? throw new MayflyException($"{reference.Url} has not the name of a wheel", "a wheel is called NAME-VERSION-PYTHON-ABI-PLATFORM.whl; give it the name that it had")) is var name && reference.Path is { } path && !File.Exists(path))
            throw new MayflyException($"there is no {path}, from which {name.Project} is asked for", "name a file that is there");
        var said = reference.Hash is { Algorithm: "sha256", Digest: var digest } ? new Dictionary<string, string> { ["sha256"] = digest } : [];
        var sha256 = await BringAsync(file with { Hashes = said }).ConfigureAwait(false);
        var kept = store.PathOf(StoreArea.Artifacts, sha256);
        if (reference.Hash is { } other && other.Algorithm != "sha256" && DigestOf(kept, other.Algorithm) is var found && found != other.Digest)
            throw new MayflyException($"{Login.Without(reference.Address)} has the {other.Algorithm} {found}, and its address says {other.Digest}", "it is not the file that was meant: look where the address comes from");
        file = file with { Hashes = new Dictionary<string, string> { ["sha256"] = sha256 }, Size = new FileInfo(kept).Length };
        sources.RequireDigest(project, file);
        return file;
    }

    private static string DigestOf(string path, string algorithm)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(algorithm switch
        {
            "md5" => MD5.HashData(file),
            "sha1" => SHA1.HashData(file),
            "sha384" => SHA384.HashData(file),
            "sha512" => SHA512.HashData(file),
            _ => throw new MayflyException($"a digest by {algorithm} is not verified here", "say the sha256 of it"),
        });
    }

    /// <summary>Has the file in the store, and gives its SHA-256.</summary>
    internal async Task<string> BringAsync(IndexFile file)
    {
        if (file.Direct is { IsRepository: true } repository)
            return (await new GitSources(store, progress, _ended.Token).BringAsync(repository).ConfigureAwait(false)).Sha256;
        if (file.Hashes.GetValueOrDefault("sha256") is { } sha256 && store.Has(StoreArea.Artifacts, sha256))
            return sha256;
        try
        {
            return await FetchAsync(file).ConfigureAwait(false);
        }
        catch (IOException e) when (HostRefusal.IsFull(e))
        {
            throw store.Refusal(file.Name, e, file.Size ?? 0);
        }
    }

    private async Task<string> FetchAsync(IndexFile file)
    {
        using var work = store.BeginWork("wheel");
        var path = Path.Combine(work.Path, "file");
        var found = await AskAsync(file.Address, null, null, async transfer =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            // An index that says no SHA-256 may say a longer one.
            using var other = Stronger(file) is { } stronger ? IncrementalHash.CreateHash(stronger.Algorithm) : null;
            await using var to = new FileStream(path, FileMode.Create);
            var buffer = new byte[1 << 17];
            for (int read; (read = await transfer.ReadAsync(buffer, _ended.Token).ConfigureAwait(false)) > 0;)
            {
                if (to.Length + read > (file.Size ?? LargestWheel))
                    throw new TransferException($"it gives more than the {file.Size ?? LargestWheel} bytes that {(file.Size is null ? "any wheel has" : "the index says")}", transient: false);
                hash.AppendData(buffer, 0, read);
                other?.AppendData(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), _ended.Token).ConfigureAwait(false);
            }

            if (transfer.Length is { } length && length != to.Length)
                throw new TransferException($"it broke off after {to.Length} of {length} bytes", transient: true);
            if (file.Size is { } said && said != to.Length)
                throw new MayflyException($"{Login.Without(file.Address)} has {to.Length} bytes, and the index says {said}", "the index is damaged, or being updated: try again later, or name another index");
            if (other is not null && Convert.ToHexStringLower(other.GetHashAndReset()) is var digest && digest != Stronger(file)!.Value.Digest)
                throw new MayflyException($"{Login.Without(file.Address)} has the {other.AlgorithmName.Name} {digest}, and the index says {Stronger(file)!.Value.Digest}", "somebody on the way may have changed it, or the index is damaged: try again later, or name another index");
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }).ConfigureAwait(false) ?? throw (file.Direct is not null ? new MayflyException($"{Login.Without(file.Address)} is not there", "look how it is spelled, or name another place")
                : new MayflyException($"{Login.Without(file.Address)} is not there, although the index lists it", "the index is perhaps being updated: try again in some minutes, or name another index"));
        if (file.Hashes.GetValueOrDefault("sha256") is { } meant && meant != found && file.Direct is not null)
            throw new MayflyException($"{Login.Without(file.Address)} has the SHA-256 {found}, and {meant} is asked for", "it is not the file that was meant: look where the address comes from");
        if (file.Hashes.GetValueOrDefault("sha256") is { } listed && listed != found)
            throw new MayflyException($"{Login.Without(file.Address)} has the SHA-256 {found}, and the index says {listed}", "somebody on the way may have changed it, or the index is damaged: try again later, or name another index");
        store.Commit(path, StoreArea.Artifacts, found, sync: false);
        return found;
    }

    private static (HashAlgorithmName Algorithm, string Digest)? Stronger(IndexFile file) =>
        file.Hashes.ContainsKey("sha256") ? null : file.Hashes.GetValueOrDefault("sha512") is { } longest ? (HashAlgorithmName.SHA512, longest) : file.Hashes.GetValueOrDefault("sha384") is { } longer ? (HashAlgorithmName.SHA384, longer) : null;

    private void Keep(string path, byte[] bytes)
    {
        using var work = store.BeginWork("metadata");
        var made = Path.Combine(work.Path, "metadata");
        File.WriteAllBytes(made, bytes);
        Files.Rename(made, path);
    }

    /// <summary>Null when there is no such thing at the place.</summary>
    private async Task<T?> AskAsync<T>(Uri place, Validators? validators, string? accept, Func<Transfer.Transfer, Task<T>> read)
        where T : class
    {
        await _turns.WaitAsync(_ended.Token).ConfigureAwait(false);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    using var transfer = await transport.OpenAsync(place, 0, validators, _ended.Token, accept).ConfigureAwait(false);
                    return await read(transfer).ConfigureAwait(false);
                }
                catch (TransferException e) when (e.Missing)
                {
                    return null;
                }
                catch (TransferException e) when (!e.Transient || attempt == transport.Settings.Attempts)
                {
                    throw new MayflyException($"{Login.Without(place)} cannot be read: {e.Message}", e.Offline ? NoNetwork.Hint : e.LoginHint ?? "look at the network (and at https_proxy), or name another index", e);
                }
                catch (TransferException e)
                {
                    await Task.Delay(e.After ?? transport.Settings.Pause * Math.Pow(2, attempt - 1), _ended.Token).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<byte[]> BodyAsync(Transfer.Transfer transfer, int largest)
    {
        using var body = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await transfer.ReadAsync(buffer, _ended.Token).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + read > largest)
                throw new TransferException($"it gives more than {largest / 1e6:0} MB", transient: false);
            body.Write(buffer, 0, read);
        }

        if (transfer.Length is { } length && length != body.Length)
            throw new TransferException($"it broke off after {body.Length} of {length} bytes", transient: true);
        return body.ToArray();
    }
}
