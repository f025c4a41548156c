using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>Parses Packages files into the bytes of an index.</summary>
internal sealed class IndexBuilder(string architecture, IReadOnlyList<string> foreign)
{
    /// <summary>As many lists as a package has bits for them.</summary>
    private const int MostLists = 64;

    private readonly List<LockedRelease> _releases = [];
    private readonly List<(int Release, string Component, int Priority)> _lists = [];
    private readonly List<IndexImage.PackageRecord> _packages = [];
    private readonly List<(int Virtual, int Package)> _provided = [];
    private readonly NameTable _names = new();
    private readonly List<List<int>?> _versions = [];
    private readonly MemoryStream _heap = new(32 << 20);
    private readonly Dictionary<string, int> _shared = new(StringComparer.Ordinal);

    public void Add(PackagesFile file)
    {
        var release = _releases.IndexOf(file.Release);
        if (release < 0)
        {
            release = _releases.Count;
            _releases.Add(file.Release);
        }

        var list = (release, file.Component, file.Priority);
        if (!_lists.Contains(list))
            _lists.Add(list);
        if (_lists.Count > MostLists)
            throw new MayflyException($"more than {MostLists} lists of packages are configured", "name fewer suites or components");

        var stanza = ReadOnlySpan<byte>.Empty;
        try
        {
            using var stream = file.Open();
            var reader = new ControlReader(stream);
            while (!(stanza = reader.Read()).IsEmpty)
                Add(stanza, _lists.IndexOf(list));
        }
        catch (FormatException e)
        {
            throw new MayflyException($"the package index of {file.Release.Id} ({file.Component}) is malformed{At(stanza)}: {e.Message}",
                "the archive's own signature covers this file: tell the archive's keepers, or leave that suite out", e);
        }
    }

    public IndexImage Build()
    {
        // Group by name, the candidate first, as apt_preferences(5) chooses it: priority of the release, then version.
        var sortedNames = Enumerable.Range(0, _versions.Count).Where(number => _versions[number] is not null).ToArray();
        Array.Sort(sortedNames, (a, b) => _names[a].SequenceCompareTo(_names[b]));
        var records = new List<IndexImage.PackageRecord>(_packages.Count);
        var nameRecords = new List<IndexImage.NameRecord>(sortedNames.Length);
        var newNumber = new int[_packages.Count];
        foreach (var name in sortedNames)
        {
            var group = _versions[name]!;
            if (group.Count > 1)
            {
                group = [.. group.OrderByDescending(number => Priority(_packages[number]))
                    .ThenByDescending(number => new DebianVersion(TextAt(_packages[number].Version)))];
            }

            nameRecords.Add(new() { Name = Heap(_names[name]), First = records.Count, Count = group.Count });
            foreach (var number in group)
            {
                newNumber[number] = records.Count;
                records.Add(_packages[number] with { Name = nameRecords[^1].Name });
            }
        }

        var providers = new List<int>(_provided.Count);
        var virtualRecords = new List<IndexImage.NameRecord>();
        foreach (var group in _provided.GroupBy(pair => pair.Virtual, pair => newNumber[pair.Package])
            .OrderBy(group => group.Key, Comparer<int>.Create((a, b) => _names[a].SequenceCompareTo(_names[b]))))
        {
            virtualRecords.Add(new() { Name = Heap(_names[group.Key]), First = providers.Count, Count = group.Distinct().Count() });
            providers.AddRange(group.Distinct());
        }

        var header = new IndexImage.Header
        {
            Architecture = Heap(Encoding.UTF8.GetBytes(architecture)),
            Releases = Heap(Encoding.UTF8.GetBytes(LockFile.WriteReleases(_releases))),
            Foreign = Heap(Encoding.UTF8.GetBytes(string.Join(' ', foreign))),
            PackageLists = Heap(Encoding.UTF8.GetBytes(string.Concat(_lists.Select(list => string.Create(CultureInfo.InvariantCulture, $"{list.Release} {list.Component} {list.Priority}\n"))))),
            PackageCount = records.Count,
            NameCount = nameRecords.Count,
            VirtualCount = virtualRecords.Count,
            ProviderLength = providers.Count,
        };
        return Assemble(header, records, nameRecords, virtualRecords, providers);
    }

    private IndexImage Assemble(IndexImage.Header header, List<IndexImage.PackageRecord> records,
        List<IndexImage.NameRecord> nameRecords, List<IndexImage.NameRecord> virtualRecords, List<int> providers)
    {
        // The heap comes last but its offsets are in the records, so all of them move by the length of the tables.
        var tables = IndexImage.HeaderSize
            + (records.Count * Unsafe.SizeOf<IndexImage.PackageRecord>())
            + ((nameRecords.Count + virtualRecords.Count) * Unsafe.SizeOf<IndexImage.NameRecord>())
            + (providers.Count * sizeof(int));
        var bytes = GC.AllocateUninitializedArray<byte>(checked(tables + (int)_heap.Length));
        var position = 0;
        Put(bytes, ref position, IndexImage.Magic);
        Put(bytes, ref position, BitConverter.GetBytes((long)bytes.Length));
        var headerPosition = position;
        position = IndexImage.HeaderSize;

        void Shift(ref int offset) => offset = offset == 0 ? 0 : offset + tables - 1;
        foreach (ref var record in CollectionsMarshal.AsSpan(records))
        {
            Shift(ref record.Name);
            Shift(ref record.Version);
            Shift(ref record.Source);
            Shift(ref record.Path);
            foreach (ref var relation in record.Relations)
                Shift(ref relation);
        }

        foreach (ref var name in CollectionsMarshal.AsSpan(nameRecords))
            Shift(ref name.Name);
        foreach (ref var name in CollectionsMarshal.AsSpan(virtualRecords))
            Shift(ref name.Name);
        Shift(ref header.Architecture);
        Shift(ref header.Releases);
        Shift(ref header.Foreign);
        Shift(ref header.PackageLists);

        header.Packages = position;
        Put(bytes, ref position, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(records)));
        header.Names = position;
        Put(bytes, ref position, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(nameRecords)));
        header.Virtuals = position;
        Put(bytes, ref position, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(virtualRecords)));
        header.Providers = position;
        Put(bytes, ref position, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(providers)));
        Put(bytes, ref position, _heap.GetBuffer().AsSpan(0, (int)_heap.Length));
        MemoryMarshal.Write(bytes.AsSpan(headerPosition), header);
        return IndexImage.Over(bytes);
    }

    private static void Put(byte[] bytes, ref int position, ReadOnlySpan<byte> data)
    {
        data.CopyTo(bytes.AsSpan(position));
        position += data.Length;
    }

    private void Add(ReadOnlySpan<byte> stanza, int list)
    {
        var fields = new ControlFields(stanza);
        ReadOnlySpan<byte> name = [], version = [], arch = [], source = [], path = [], sha256 = [], size = [], priority = [], multiArch = [];
        ReadOnlySpan<byte> preDepends = [], depends = [], recommends = [], suggests = [], conflicts = [], breaks = [], replaces = [], enhances = [], provides = [];
        IndexImage.PackageFlags flags = 0;
        while (fields.MoveNext())
        {
            if (fields.Is("Package"u8))
                name = fields.Value;
            else if (fields.Is("Version"u8))
                version = fields.Value;
            else if (fields.Is("Architecture"u8))
                arch = fields.Value;
            else if (fields.Is("Source"u8))
                source = fields.Value;
            else if (fields.Is("Filename"u8))
                path = fields.Value;
            else if (fields.Is("SHA256"u8))
                sha256 = fields.Value;
            else if (fields.Is("Size"u8))
                size = fields.Value;
            else if (fields.Is("Priority"u8))
                priority = fields.Value;
            else if (fields.Is("Multi-Arch"u8))
                multiArch = fields.Value;
            else if (fields.Is("Essential"u8))
                flags |= fields.Value.SequenceEqual("yes"u8) ? IndexImage.PackageFlags.Essential : 0;
            else if (fields.Is("Important"u8) || fields.Is("Protected"u8))
                flags |= fields.Value.SequenceEqual("yes"u8) ? IndexImage.PackageFlags.Important : 0;
            else if (fields.Is("Pre-Depends"u8))
                preDepends = fields.Value;
            else if (fields.Is("Depends"u8))
                depends = fields.Value;
            else if (fields.Is("Recommends"u8))
                recommends = fields.Value;
            else if (fields.Is("Suggests"u8))
                suggests = fields.Value;
            else if (fields.Is("Conflicts"u8))
                conflicts = fields.Value;
            else if (fields.Is("Breaks"u8))
                breaks = fields.Value;
            else if (fields.Is("Replaces"u8))
                replaces = fields.Value;
            else if (fields.Is("Enhances"u8))
                enhances = fields.Value;
            else if (fields.Is("Provides"u8))
                provides = fields.Value;
        }

        Check(name, version, path);
        var home = 0;
        if (arch.SequenceEqual("all"u8))
            flags |= IndexImage.PackageFlags.All;
        else
            home = Home(arch);
        if (!Utf8Parser.TryParse(size, out long bytes, out _) || bytes <= 0)
            throw new FormatException("it has no Size");

        var number = Number(name, home);
        while (_versions.Count < _names.Count)
            _versions.Add(null);
        var known = _versions[number] ??= [];
        var versionText = Text(version);
        // The same version in a second suite is the same package; the first suite to offer it is its release.
        foreach (var other in known)
        {
            ref var same = ref CollectionsMarshal.AsSpan(_packages)[other];
            if (TextAt(same.Version) == versionText)
            {
                same.OfferedBy |= 1UL << list;
                // Ubuntu's -updates has what its -security has, the very file: it is a security fix all the same.
                if (_lists[list].Release is var offering && ReleaseLayout.OfSuite(_releases[offering].Id)?.Suite.Security == true && TextAt(same.Path) == Text(path))
                    same.Release = (byte)offering;
                return;
            }
        }

        // apt's cache numbers names as they are first met, in this order of fields, and breaks its last ties by it.
        Mention(preDepends, home);
        Mention(depends, home);
        Mention(conflicts, home);
        Mention(breaks, home);
        Mention(recommends, home);
        Mention(suggests, home);
        Mention(replaces, home);
        Mention(enhances, home);
        foreach (var entry in provides.Split((byte)','))
        {
            var virtualName = FirstWord(provides[entry]);
            if (virtualName.IsEmpty)
                continue;
            _provided.Add((_names.Number(virtualName), _packages.Count));
            if (home != 0)
                Number(virtualName, home);
        }

        var record = new IndexImage.PackageRecord
        {
            Version = Share(versionText),
            Source = Share(Text(source.IsEmpty ? name : FirstWord(source))),
            Path = Heap(path),
            Size = bytes,
            Ordinal = number,
            Position = _packages.Count,
            Release = (byte)_lists[list].Release,
            OfferedBy = 1UL << list,
            Architecture = (byte)home,
            Flags = flags,
            Priority = priority switch
            {
                _ when priority.SequenceEqual("required"u8) => PackagePriority.Required,
                _ when priority.SequenceEqual("important"u8) => PackagePriority.Important,
                _ when priority.SequenceEqual("standard"u8) => PackagePriority.Standard,
                _ when priority.SequenceEqual("optional"u8) => PackagePriority.Optional,
                _ when priority.IsEmpty => PackagePriority.Unknown,
                _ => PackagePriority.Extra,
            },
            MultiArch = multiArch switch
            {
                _ when multiArch.SequenceEqual("same"u8) => MultiArch.Same,
                _ when multiArch.SequenceEqual("foreign"u8) => MultiArch.Foreign,
                _ when multiArch.SequenceEqual("allowed"u8) => MultiArch.Allowed,
                _ => MultiArch.No,
            },
        };
        if (sha256.Length != 64 || Convert.FromHexString(Text(sha256), record.Hash, out _, out _) != System.Buffers.OperationStatus.Done)
            throw new FormatException("it has no SHA256");
        record.Relations[(int)RelationKind.PreDepends] = Heap(preDepends);
        record.Relations[(int)RelationKind.Depends] = Heap(depends);
        record.Relations[(int)RelationKind.Recommends] = Heap(recommends);
        record.Relations[(int)RelationKind.Conflicts] = Heap(conflicts);
        record.Relations[(int)RelationKind.Breaks] = Heap(breaks);
        record.Relations[(int)RelationKind.Provides] = Heap(provides);
        record.Relations[(int)RelationKind.Suggests] = Heap(suggests);
        known.Add(_packages.Count);
        _packages.Add(record);
    }

    private static void Check(ReadOnlySpan<byte> name, ReadOnlySpan<byte> version, ReadOnlySpan<byte> path)
    {
        if (!PackageName.IsValid(Text(name)))
            throw new FormatException($"'{Text(name)}' is no package name");
        if (!DebianVersion.IsValid(Text(version)))
            throw new FormatException($"'{Text(version)}' is no version");
        if (!LockFile.IsPoolPath(Text(path)))
            throw new FormatException($"its Filename '{Text(path)}' is not a path inside the archive");
    }

    /// <summary>apt's own priority of a package: the highest of the lists that have it.</summary>
    private int Priority(in IndexImage.PackageRecord package)
    {
        var most = 0;
        for (var list = 0; list < _lists.Count; list++)
        {
            if ((package.OfferedBy & (1UL << list)) != 0)
                most = Math.Max(most, _lists[list].Priority);
        }

        return most;
    }

    /// <summary>0 for the native architecture, else one more than the place among the foreign ones.</summary>
    private int Home(ReadOnlySpan<byte> arch)
    {
        var text = Text(arch);
        if (text == architecture)
            return 0;
        for (var i = 0; i < foreign.Count; i++)
        {
            if (text == foreign[i])
                return i + 1;
        }

        throw new FormatException($"its architecture is {text}, not {string.Join(" or ", foreign.Prepend(architecture))}");
    }

    /// <summary>The number of a name; a foreign one is <c>name:architecture</c>.</summary>
    private int Number(ReadOnlySpan<byte> name, int home)
    {
        if (home == 0 || name.Contains((byte)':'))
            return _names.Number(name);
        Span<byte> key = stackalloc byte[name.Length + 1 + foreign[home - 1].Length];
        name.CopyTo(key);
        key[name.Length] = (byte)':';
        Encoding.UTF8.GetBytes(foreign[home - 1], key[(name.Length + 1)..]);
        return _names.Number(key);
    }

    private void Mention(ReadOnlySpan<byte> field, int home)
    {
        while (!field.IsEmpty)
        {
            var end = field.IndexOfAny((byte)',', (byte)'|');
            var word = FirstWord(end < 0 ? field : field[..end]);
            if (!word.IsEmpty)
                Number(word, home);
            field = end < 0 ? [] : field[(end + 1)..];
        }
    }

    private static ReadOnlySpan<byte> FirstWord(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t\n"u8);
        var end = text.IndexOfAny(" \t\n([<"u8);
        return end < 0 ? text : text[..end];
    }

    /// <summary>Offsets are one more than the place in the heap, so that 0 means empty.</summary>
    private int Heap(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return 0;
        var offset = (int)_heap.Position + 1;
        Span<byte> length = stackalloc byte[4];
        BitConverter.TryWriteBytes(length, text.Length);
        _heap.Write(length);
        _heap.Write(text);
        return offset;
    }

    private int Share(string text)
    {
        if (!_shared.TryGetValue(text, out var offset))
            _shared.Add(text, offset = Heap(Encoding.UTF8.GetBytes(text)));
        return offset;
    }

    private string TextAt(int offset)
    {
        var bytes = _heap.GetBuffer().AsSpan(offset - 1);
        return Encoding.UTF8.GetString(bytes.Slice(4, BitConverter.ToInt32(bytes)));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static string At(ReadOnlySpan<byte> stanza)
    {
        var end = stanza.IndexOf((byte)'\n');
        return stanza.IsEmpty ? "" : $" at '{Text(end < 0 ? stanza : stanza[..Math.Min(end, 80)])}'";
    }
}
