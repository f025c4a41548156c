namespace Mayfly.Packages.Debian;

/// <summary>Gives each distinct text a number, in the order of first meeting, without making strings: an index names half a million.</summary>
internal sealed class NameTable
{
    private readonly List<(int Offset, int Length)> texts = [];
    private byte[] bytes = new byte[1 << 20];
    private int used;
    private int[] slots = new int[1 << 17];

    public int Count => texts.Count;

    public ReadOnlySpan<byte> this[int number] => bytes.AsSpan(texts[number].Offset, texts[number].Length);

    public int Number(ReadOnlySpan<byte> text)
    {
        var slot = Slot(text);
        if (slots[slot] != 0)
            return slots[slot] - 1;
        if (texts.Count * 2 >= slots.Length)
        {
            Grow();
            slot = Slot(text);
        }

        if (used + text.Length > bytes.Length)
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, used + text.Length));
        text.CopyTo(bytes.AsSpan(used));
        texts.Add((used, text.Length));
        used += text.Length;
        slots[slot] = texts.Count;
        return texts.Count - 1;
    }

    private int Slot(ReadOnlySpan<byte> text)
    {
        var hash = 2166136261u; // FNV-1a: names are short, and an index is signed, so nobody aims collisions at us.
        foreach (var b in text)
            hash = (hash ^ b) * 16777619u;
        var slot = (int)(hash % (uint)slots.Length);
        while (slots[slot] != 0 && !this[slots[slot] - 1].SequenceEqual(text))
            slot = slot + 1 == slots.Length ? 0 : slot + 1;
        return slot;
    }

    private void Grow()
    {
        slots = new int[slots.Length * 2];
        for (var number = 0; number < texts.Count; number++)
            slots[Slot(this[number])] = number + 1;
    }
}
