using System.Text;

namespace Mayfly.Environments;

/// <summary>All that a program said, or of very much its beginning and its end, where the reason of a failure stands.</summary>
public sealed class HeardText
{
    /// <summary>In characters, of each.</summary>
    private const int Most = 4 << 20;

    private readonly StringBuilder _beginning = new();
    private readonly Queue<string> _end = [];
    private readonly Lock _lock = new();
    private int _length;
    private long _cut;

    /// <summary>Call from anywhere.</summary>
    public void Add(string line)
    {
        lock (_lock)
        {
            if (_end.Count == 0 && _beginning.Length + line.Length < Most)
            {
                _beginning.Append(line).Append('\n');
                return;
            }

            _end.Enqueue(line);
            _length += line.Length + 1;
            while (_length > Most && _end.TryDequeue(out var first))
                (_length, _cut) = (_length - first.Length - 1, _cut + 1);
        }
    }

    public override string ToString()
    {
        lock (_lock)
            return _end.Count == 0 ? _beginning.ToString() : $"{_beginning}{(_cut > 0 ? $"(… {_cut} lines)\n" : "")}{string.Join('\n', _end)}\n";
    }
}
