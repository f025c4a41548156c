namespace Mayfly.Packages.Debian;

/// <summary>Gives each distinct text a number, in the order of first meeting, without making strings: an index names half a million.</summary>
internal sealed class NameTable
{
    private readonly List<(int Offset, int Length)> _texts = [];
    private byte[] _bytes = new byte[1 << 20];
    private int _used;
    private int[] _slots = new int[1 << 17];

    public int Count => _texts.Count;

    public ReadOnlySpan<byte> this[int number] => _bytes.AsSpan(_texts[number].Offset, _texts[number].Length);

    public int Number(ReadOnlySpan<byte> text)
    {
        var slot = Slot(text);
        if (_slots[slot] != 0)
            return _slots[slot] - 1;
        if (_texts.Count * 2 >= _slots.Length)
        {
            Grow();
            slot = Slot(text);
        }

        if (_used + text.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + text.Length));
        text.CopyTo(_bytes.AsSpan(_used));
        _texts.Add((_used, text.Length));
        _used += text.Length;
        _slots[slot] = _texts.Count;
        return _texts.Count - 1;
    }

    private int Slot(ReadOnlySpan<byte> text)
    {
        var hash = 2166136261u; // FNV-1a: names are short, and an index is signed, so nobody aims collisions at us.
        foreach (var b in text)
            hash = (hash ^ b) * 16777619u;
        var slot = (int)(hash % (uint)_slots.Length);
        while (_slots[slot] != 0 && !this[_slots[slot] - 1].SequenceEqual(text))
            slot = slot + 1 == _slots.Length ? 0 : slot + 1;
        return slot;
    }

    private void Grow()
    {
        _slots = new int[_slots.Length * 2];
        for (var number = 0; number < _texts.Count; number++)
            _slots[Slot(this[number])] = number + 1;
    }
}
