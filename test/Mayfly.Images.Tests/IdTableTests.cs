using Mayfly.Images.Building;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

public sealed class IdTableTests
{
    private static LockedId User(string name, int id) => new(name, LockedIdKind.User, id);

    private static LockedId Group(string name, int id) => new(name, LockedIdKind.Group, id);

    [Fact]
    public void A_name_keeps_the_number_of_the_first_image_that_made_it() =>
        Assert.Equal([User("memcache", 100), Group("memcache", 101)], IdTable.Append([], [User("memcache", 100), Group("memcache", 101), User("memcache", 102)]));

    [Fact]
    public void A_number_that_is_taken_goes_to_nobody_else_and_the_new_one_is_nobodys() =>
        Assert.Equal([User("memcache", 100), User("postgres", 103), Group("ssl-cert", 101), Group("other", 102)],
            IdTable.Append([User("memcache", 100)], [User("postgres", 100), Group("ssl-cert", 101), Group("other", 102)]));

    [Fact]
    public void A_user_and_its_group_are_moved_together()
    {
        Assert.Equal([User("one", 999), User("two", 101), Group("two", 101)], IdTable.Append([User("one", 999)], [User("two", 999), Group("two", 999)]));
        Assert.Equal([Group("one", 999), User("two", 101), Group("two", 101)], IdTable.Append([Group("one", 999)], [User("two", 999), Group("two", 999)]));
    }

    [Fact]
    public void Debians_own_numbers_need_no_table() => Assert.Empty(IdTable.Append([], [User("www-data", 33), Group("users", 100), User("nobody", 65534)]));

    [Fact]
    public void What_the_table_says_stays_in_its_order() =>
        Assert.Equal([User("z", 900), User("a", 100)], IdTable.Append([User("z", 900)], [User("a", 100), User("z", 101)]));

    [Fact]
    public void A_full_table_is_an_error() =>
        Assert.NotNull(Assert.Throws<MayflyException>(() => IdTable.Append([.. Enumerable.Range(100, 900).Select(id => User($"u{id}", id))], [User("more", 100)])).Hint);

    [Fact]
    public void Names_that_the_table_lacks_get_the_longest_row_of_free_numbers()
    {
        Assert.Equal((100, 999), IdTable.Free([]));
        Assert.Equal((103, 997), IdTable.Free([User("a", 100), Group("a", 102), User("b", 998)]));
        Assert.Equal((100, 499), IdTable.Free([.. Enumerable.Range(500, 500).Select(id => User($"u{id}", id))]));
        Assert.Equal((501, 999), IdTable.Free([User("a", 500)]));
    }

    [Fact]
    public void A_key_says_what_a_layer_was_made_from_and_which_accounts_it_made()
    {
        var inputs = new string('7', 64);
        Assert.Equal(inputs, IdTable.KeyOf(inputs, [User("www-data", 33), Group("users", 100)]));
        var key = IdTable.KeyOf(inputs, [User("a", 100), Group("b", 101)]);
        Assert.Equal((64, IdTable.InputsOf(inputs)), (key.Length, IdTable.InputsOf(key)));
        Assert.Equal(key, IdTable.KeyOf(inputs, [Group("b", 101), User("a", 100), User("www-data", 33)]));
        Assert.NotEqual(key, IdTable.KeyOf(inputs, [User("a", 101), Group("b", 101)]));
    }

    [Fact]
    public void Files_of_systemd_sysusers_get_the_numbers_where_they_leave_them_open()
    {
        const string Text = """
            # a comment
            g other - -
            u one - "The one" /var/lib/one
            u  two -:other "The two"
            u! three
            u four 64000 -
            u five /usr/bin/five -
            u six - -
            m seven eight
            m one other

            """;
        LockedId[] table = [User("one", 150), Group("one", 150), User("two", 151), User("three", 152), Group("three", 162), Group("other", 153), User("four", 154), User("seven", 155), Group("eight", 156), User("five", 157)];
        var changed = AccountShims.WithNumbers(Text, table, new HashSet<string> { "other", "one", "two", "three", "four", "five", "six" });
        Assert.Equal("""
            # a comment
            g other 153 -
            u one 150 "The one" /var/lib/one
            u  two 151:other "The two"
            u! three 152
            u four 64000 -
            u five /usr/bin/five -
            u six - -
            m seven eight
            m one other
            g three 162
            u seven 155
            g eight 156
            r - 163-999

            """, changed);
        const string Static = "g adm 4 -\nu root 0 - /root /bin/bash";
        Assert.Equal(Static, AccountShims.WithNumbers(Static, table, new HashSet<string>()));
    }
}
