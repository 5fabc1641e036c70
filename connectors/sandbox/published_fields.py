"""The names the platforms publish for fields and expansions; anything else is refused.

Meta's lists hold the fields that exist and that the sandbox has nothing to say about (facebook-business-sdk-codegen,
2026-04); X's are complete (OpenAPI 2.166).
"""

from __future__ import annotations


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


PAGE = _names(
    "about business category_list cover description emails has_added_app hours is_verified "
    "is_webhooks_subscribed location phone picture tasks unread_message_count verification_status website"
)
"""Of a Facebook page."""

PAGE_POST = _names(
    "actions admin_creator allowed_advertising_objectives application attachments backdated_time "
    "call_to_action child_attachments comments_mirroring_domain coordinates description event "
    "expanded_height expanded_width feed_targeting full_picture height icon instagram_eligibility "
    "is_app_share is_eligible_for_dark_post is_eligible_for_promotion is_expired is_inline_created "
    "is_instagram_eligible is_popular is_spherical length likes message_tags multi_share_end_card "
    "multi_share_optimized parent_id picture place privacy promotable_id properties reactions "
    "scheduled_publish_time shares story story_tags subscribed target targeting timeline_visibility title "
    "via video_buying_eligibility width"
)

COMMENT = _names("admin_creator application likes live_broadcast_timestamp message_tags reactions")

THREAD = _names("folder former_participants is_owner is_subscribed linked_group name scoped_thread_key wallpaper")

INSTAGRAM_MEDIA = _names(
    "alt_text boost_eligibility_info children copyright_check_information current_live_viewer_count "
    "has_poll has_slider ig_id is_shared_to_feed legacy_instagram_media_id thumbnail_url video_title "
    "view_count"
)

TWEET_FIELDS = _names(
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang "
    "matched_media_notes media_metadata non_public_metrics note_request_suggestions note_tweet "
    "organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics "
    "referenced_tweets reply_settings scopes source suggested_source_links "
    "suggested_source_links_with_counts text withheld"
)

USER_FIELDS = _names(
    "affiliation confirmed_email connection_status created_at description entities id "
    "is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id profile_banner_url "
    "profile_image_url protected public_metrics receives_your_dm subscription subscription_type url "
    "username verified verified_followers_count verified_type withheld"
)

DM_FIELDS = _names(
    "attachments created_at dm_conversation_id entities event_type id participant_ids referenced_tweets sender_id text"
)

MEDIA_FIELDS = _names(
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url "
    "promoted_metrics public_metrics type url variants width"
)

TWEET_EXPANSIONS = _names(
    "article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet "
    "attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username "
    "entities.note.mentions.username geo.place_id in_reply_to_user_id referenced_tweets.id "
    "referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id"
)

DM_EXPANSIONS = _names("attachments.media_keys participant_ids referenced_tweets.id sender_id")

USER_EXPANSIONS = _names("affiliation.user_id most_recent_tweet_id pinned_tweet_id")

CREATE_TWEET = _names(
    "card_uri community_id direct_message_deep_link edit_options for_super_followers_only geo "
    "made_with_ai media nullcast paid_partnership poll quote_tweet_id reply reply_settings "
    "share_with_followers text"
)
"""Properties of the body of POST /2/tweets; the schema takes no others."""
